#pragma once

#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/membership.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

/// A member that a pick has found, kept for one send. A worker needs no count: what had not stopped in this run of an
/// actor stays until the run is over (scheduling/grace.hpp). Every other thread takes one.
template <class F>
class picked_member {
public:
    picked_member() noexcept = default;
    picked_member(const lane& mine, basic_cell<F>& cell, membership_pick pick) noexcept : cell_(&cell), pick_(pick) {
        if (!mine.queue || cell.system.is_closed()) {
            cell.retain();
            counted_ = &cell;
        }
    }
    picked_member(picked_member&& other) noexcept
        : cell_(other.cell_), pick_(other.pick_), counted_(std::exchange(other.counted_, nullptr)) {}
    picked_member(const picked_member&) = delete;
    picked_member& operator=(const picked_member&) = delete;
    ~picked_member() {
        if (counted_ != nullptr) {
            counted_->release();
        }
    }

    explicit operator bool() const noexcept { return cell_ != nullptr; }
    basic_cell<F>& cell() const noexcept { return *cell_; }
    membership& link() const noexcept { return *pick_.link; }
    const membership_pick& pick() const noexcept { return pick_; }
    /// Another pick has found the same member, and they are sent together. One of them at most holds its trial.
    void also(const membership_pick& other) noexcept { pick_.marks |= other.marks; }

private:
    basic_cell<F>* cell_ = nullptr;
    membership_pick pick_;
    basic_cell<F>* counted_ = nullptr;
};

}  // namespace drover
