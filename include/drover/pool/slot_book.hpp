#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "drover/base/futex.hpp"

namespace drover {

/// Small numbers for a pool's members: each is held by the member that has it and by every table that it is in, and is
/// given to another only when nobody holds it. Any thread; a short lock. take() throws std::bad_alloc, the rest
/// nothing.
class slot_book {
public:
    /// The least that is free, held once.
    std::uint32_t take() {
        const std::lock_guard lock(mutex_);
        for (std::uint32_t each = first_free_; each != uses_.size(); ++each) {
            if (uses_[each] == 0) {
                uses_[each] = 1;
                first_free_ = each + 1;
                return each;
            }
        }
        uses_.push_back(1);
        first_free_ = static_cast<std::uint32_t>(uses_.size());
        return first_free_ - 1;
    }

    void hold(std::uint32_t slot) noexcept {
        const std::lock_guard lock(mutex_);
        uses_[slot] += 1;
    }

    void drop(std::uint32_t slot) noexcept {
        const std::lock_guard lock(mutex_);
        uses_[slot] -= 1;
        if (uses_[slot] == 0 && slot < first_free_) {
            first_free_ = slot;
        }
    }

private:
    futex_mutex mutex_;
    std::vector<std::uint32_t> uses_;
    std::uint32_t first_free_ = 0;  // none below is free
};

}  // namespace drover
