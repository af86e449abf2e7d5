#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/scheduling/worker.hpp"

namespace drover {

/// What one worker has seen of the others: who has been in one run for long while an actor waits to run next there. Such an
/// actor may be taken; without that, a message sent before a long computation would wait for all of it.
class long_runs {
public:
    using clock = std::chrono::steady_clock;

    static constexpr std::chrono::microseconds limit{50};

    enum class state : std::uint8_t {
        nothing,  ///< no actor waits to run next there
        unsure,   ///< one does, in a run that was not seen before, or not for long yet
        stuck,    ///< one does, and its worker has been in the same run for the limit
    };

    explicit long_runs(std::size_t workers) : seen_(workers) {}

    state look(const worker& other) noexcept {
        if (other.next.load(std::memory_order_relaxed) == nullptr) {
            return state::nothing;
        }
        sighting& last = seen_[other.index];
        const std::uint64_t runs = other.runs.load(std::memory_order_relaxed);
        const clock::time_point now = clock::now();
        if (runs != last.runs) {
            last = {runs, now};
            return state::unsure;
        }
        return now - last.since >= limit ? state::stuck : state::unsure;
    }

private:
    struct sighting {
        std::uint64_t runs = 0;
        clock::time_point since{};
    };

    std::vector<sighting> seen_;
};

}  // namespace drover
