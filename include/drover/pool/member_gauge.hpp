#pragma once

#include <cstdint>

#include "drover/actor/membership.hpp"
#include "drover/balancing/policy.hpp"

namespace drover {

/// A member with what its own mailbox keeps of it for the pool's policy, and no more than `Needs` asks for. But for the load,
/// it is for whoever consumes that mailbox: one thread at a time.
template <signals Needs>
struct member_gauge : membership {
    using membership::membership;

    /// `count` messages have been taken out.
    void begin(std::uint64_t count) noexcept { taken_ += count; }

    /// What was taken out has been dealt with.
    void settle() noexcept {
        if (taken_ != 0) {
            load.finished(taken_);
            taken_ = 0;
        }
    }

protected:
    ~member_gauge() = default;

private:
    std::uint64_t taken_ = 0;
};

/// Does a policy want anything that its members' mailboxes must keep?
constexpr bool wants_gauge(signals needs) noexcept {
    return includes(needs, signals::depth) || includes(needs, signals::latency);
}

}  // namespace drover
