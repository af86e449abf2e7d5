#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/scheduling/worker.hpp"

namespace drover {

/// What one worker has seen of the others: who has been in one run for long while one and the same actor waits to run
/// next there. Such an actor may be taken; without that, a message sent before a long computation would wait for all of
/// it.
class long_runs {
public:
    using clock = std::chrono::steady_clock;

    static constexpr std::chrono::microseconds limit{50};

    enum class state : std::uint8_t {
        nothing,  ///< no actor waits to run next there
        unsure,   ///< one does that was not seen before, or not for long yet, or in another run
        stuck,    ///< one does, and has for the limit, while its worker was in the same run
    };

    explicit long_runs(std::size_t workers) : seen_(workers) {}

    state look(const worker& other) noexcept {
        const runnable* const waits = other.next.load(std::memory_order_relaxed);
        if (waits == nullptr) {
            return state::nothing;
        }
        sighting& last = seen_[other.index];
        const std::uint64_t runs = other.runs.load(std::memory_order_relaxed);
        const clock::time_point now = clock::now();
        // Another actor than last time has not waited for long: a run that makes many ready leaves the last of them
        // there for a moment each, and taking those, one revocation a message, would cost more than all that it does.
        if (runs != last.runs || waits != last.waits) {
            last = {runs, waits, now};
            return state::unsure;
        }
        return now - last.since >= limit ? state::stuck : state::unsure;
    }

private:
    struct sighting {
        std::uint64_t runs = 0;
        const runnable* waits = nullptr;  // compared only: it may be gone
        clock::time_point since{};
    };

    std::vector<sighting> seen_;
};

}  // namespace drover
