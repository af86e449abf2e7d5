#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "drover/base/futex.hpp"

namespace drover {

/// Small numbers for the names that metrics are kept by: an actor's type, a pool and the place of its member. A name
/// has one number as long as the process lives, so that runtimes share them and a number that stands in a message's way
/// needs no owner. At most so many names; what comes later counts as number 0, which is "other", and nothing is
/// refused.
///
/// Thread-safe; each call takes a short lock. Linear in the names, so it is asked when an actor is made, not for
/// messages.
class label_table {
public:
    static constexpr std::uint16_t other = 0;
    static constexpr std::size_t most_actors = 256;  ///< with the one for all others
    static constexpr std::size_t most_members = 1024;

    struct label {
        std::string name;
        std::size_t member = 0;  ///< its place in the pool of that name

        bool operator==(const label&) const = default;
    };

    /// Of actor types, or what stands for them.
    [[gnu::visibility("default")]] static label_table& actors() noexcept {
        static label_table all(most_actors);
        return all;
    }
    /// Of the members of pools.
    [[gnu::visibility("default")]] static label_table& members() noexcept {
        static label_table all(most_members);
        return all;
    }

    explicit label_table(std::size_t most) : most_(most), labels_{label{"other"}} {}

    label_table(const label_table&) = delete;
    label_table& operator=(const label_table&) = delete;

    /// The number of a name, given to it now if it has none. `other` if there is no more room, or no memory.
    std::uint16_t number_of(std::string_view name, std::size_t member = 0) noexcept {
        const std::lock_guard lock(mutex_);
        for (std::size_t each = 0; each != labels_.size(); ++each) {
            if (labels_[each].member == member && labels_[each].name == name) {
                return static_cast<std::uint16_t>(each);
            }
        }
        if (labels_.size() == most_) {
            return other;
        }
        try {
            labels_.push_back({std::string(name), member});
        } catch (...) {
            return other;
        }
        return static_cast<std::uint16_t>(labels_.size() - 1);
    }

    /// All that have a number, in the order of their numbers. Throws std::bad_alloc.
    std::vector<label> all() const {
        const std::lock_guard lock(mutex_);
        return labels_;
    }

private:
    mutable futex_mutex mutex_;
    const std::size_t most_;
    std::vector<label> labels_;
};

}  // namespace drover
