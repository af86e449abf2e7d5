#pragma once

#include <cstdint>

namespace drover {

struct lane;

enum class run_result : std::uint8_t {
    done,   ///< it is idle, held or gone, and must not be touched any more: another worker may have it by now
    again,  ///< it has more to do and its share of time is over
};

/// What a scheduler runs: an actor's cell. It is in at most one queue and on at most one worker.
struct runnable {
    using run_function = run_result(runnable*, lane&);

    explicit constexpr runnable(run_function* function) noexcept : run(function) {}

    runnable* next_runnable = nullptr;
    run_function* run;
};

/// Runnables in order, linked by `next_runnable`.
struct run_chain {
    runnable* first = nullptr;
    runnable* last = nullptr;

    void append(runnable* item) noexcept {
        item->next_runnable = nullptr;
        (last != nullptr ? last->next_runnable : first) = item;
        last = item;
    }
};

}  // namespace drover
