#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/handle.hpp"
#include "drover/actor/membership.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/health/standing.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/pool/slot_book.hpp"
#include "drover/scheduling/retired.hpp"

namespace drover {

/// A pool's members at some moment, and whom its policy picks among them. Never changed once it is published; freed
/// when no thread reads it. Counts its actors, so who has found one here may take a count of its own.
template <class Policy, class F>
struct pool_table final : retired {
    struct member {
        boost::intrusive_ptr<basic_cell<F>> cell;
        membership* link;     ///< stands as long as the cell
        member_info info;     ///< as the policy saw it, or would have
        standing health;      ///< as of the making of this table
        bool pickable;        ///< is in the policy's table, if only with a weight of 0
        hook_member label{};  ///< for metrics
    };

    pool_table(typename Policy::table picks_, std::vector<member> members_, std::shared_ptr<slot_book> slots,
               bool closed_) noexcept
        : retired([](retired* self) noexcept { delete static_cast<pool_table*>(self); }),
          picks(std::move(picks_)),
          members(std::move(members_)),
          closed(closed_),
          slots_(std::move(slots)) {
        for (const member& each : members) {
            if (each.info.slot != no_slot) {
                slots_->hold(each.info.slot);
            }
        }
    }
    ~pool_table() {
        for (const member& each : members) {
            if (each.info.slot != no_slot) {
                slots_->drop(each.info.slot);
            }
        }
    }
    pool_table(const pool_table&) = delete;
    pool_table& operator=(const pool_table&) = delete;

    const typename Policy::table picks;  ///< its indices are those of `members`, whose pickable ones come first
    const std::vector<member> members;
    const bool closed;  ///< the pool has stopped

private:
    const std::shared_ptr<slot_book> slots_;
};

}  // namespace drover
