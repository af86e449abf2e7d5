#pragma once

#include <atomic>
#include <cstdint>

#include "drover/actor/membership.hpp"

namespace drover {

/// May a member take messages from its pool's queue?
enum class gate_position : std::uint8_t {
    shut,      ///< it is away, unwell, or of weight 0
    open,      ///< it takes what there is
    on_trial,  ///< one, if its health policy lets it
    tried,     ///< it was not let; until its health is judged again
    last_call  ///< the pool ends: it takes all there is and then ends
};

/// The gate between one member and the queue. Moved by the pool's controller, heeded by the member when it looks for
/// the next one. Any thread; nothing blocks.
template <class Queue>
class member_gate {
public:
    /// `call`: somebody else is to look at the queue, if anybody is idle. `fell`: this member has taken the one that
    /// brought the queue down to its low mark.
    member_gate(Queue* queue, void (*call)(membership&) noexcept, void (*fell)(membership&) noexcept) noexcept
        : queue_(queue), call_(call), fell_(fell) {}

    Queue& queue() const noexcept { return *queue_; }

    void move(gate_position now) noexcept { position_.store(now, std::memory_order_seq_cst); }
    gate_position now() const noexcept { return position_.load(std::memory_order_seq_cst); }

    /// The trial was not granted.
    void refused() noexcept {
        gate_position seen = gate_position::on_trial;
        position_.compare_exchange_strong(seen, gate_position::tried, std::memory_order_seq_cst);
    }

    bool lets_in() const noexcept {
        const gate_position at = now();
        return at != gate_position::shut && at != gate_position::tried;
    }

    void call_another(membership& self) const noexcept { call_(self); }
    void fell_to_low_water(membership& self) const noexcept { fell_(self); }

private:
    Queue* const queue_;
    void (*const call_)(membership&) noexcept;
    void (*const fell_)(membership&) noexcept;
    std::atomic<gate_position> position_{gate_position::shut};
};

}  // namespace drover
