#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/base/clock.hpp"

namespace drover {

/// How often an actor may be restarted: `count` times in any stretch of time as long as `within`.
struct restart_limit {
    std::uint32_t count = 5;                           ///< 0 … 65536; 0: never
    clock_duration within = std::chrono::seconds(60);  ///< > 0
};

/// The restarts of one actor, against its limit: a window that slides. O(1); memory for `count` moments. Not
/// thread-safe.
class restart_window {
public:
    /// Throws std::bad_alloc.
    explicit restart_window(restart_limit limit) : within_(limit.within), moments_(limit.count, time_point::min()) {}

    /// May there be one more restart at `now`? If so it is counted.
    bool admit(time_point now) noexcept {
        if (moments_.empty()) {
            return false;
        }
        time_point& oldest = moments_[next_];
        if (oldest != time_point::min() && now < later_by(oldest, within_)) {
            return false;
        }
        oldest = now;
        next_ = next_ + 1 == moments_.size() ? 0 : next_ + 1;
        return true;
    }

private:
    clock_duration within_;
    std::vector<time_point> moments_;  // a ring of the last restarts
    std::size_t next_ = 0;             // where the oldest stands, which the next one replaces
};

}  // namespace drover
