#pragma once

#include <atomic>
#include <cstdint>

#include "drover/actor/cell_parts.hpp"
#include "drover/actor/departure.hpp"
#include "drover/message/stop_reason.hpp"

namespace drover {

/// Who hears of an actor's end, and what they hear of its reason: the part of a cell that names, subscriptions, watches
/// and messages for later use. Empty; what it works on stands in the cell and its extra.
template <class F>
class cell_end_listeners {
public:
    /// Any thread. True: `listener` is called once, in the thread that stops this actor, when its mailbox has gone to
    /// the dead letters. False: the actor has stopped already. Throws std::bad_alloc. The caller keeps the listener
    /// alive over this call even if it is called meanwhile.
    bool on_departure(departure& listener) {
        departure_list& departures = self().more().departures;
        if (!departures.add(listener)) {
            return false;
        }
        return !self().system.is_closed_in_order() || !departures.remove(listener);
    }

    /// Any thread. True: it is not called any more. False: it has been called, is being called, or was never there.
    bool forget(departure& listener) noexcept {
        cell_extra<F>* const present = self().extra.load(std::memory_order_acquire);
        return present != nullptr && present->departures.remove(listener);
    }

    /// The consumer's, once, after the system lane was closed.
    void depart() noexcept {
        cell_extra<F>* const present = self().extra.load(std::memory_order_seq_cst);
        if (present != nullptr) {
            present->departures.depart();
        }
    }

    /// The consumer's, before it closes the system lane.
    void keep_reason(const stop_reason& reason) noexcept {
        if (reason.exception() != nullptr) {
            try {
                self().more().reason = reason;
            } catch (...) {  // no memory: then who asks hears the kind alone
            }
        }
        self().requested.store(static_cast<std::uint8_t>(static_cast<unsigned>(reason.kind()) | basic_cell<F>::ended),
                               std::memory_order_relaxed);
    }

    /// Any thread that has seen the system lane closed.
    stop_reason reason_of_end() const noexcept {
        const auto kind =
            static_cast<stop_kind>(self().requested.load(std::memory_order_relaxed) & ~basic_cell<F>::ended);
        const cell_extra<F>* const present = self().extra.load(std::memory_order_acquire);
        const bool kept = present != nullptr && present->reason.has_value() && present->reason->kind() == kind;
        return kept ? *present->reason : stop_reason(kind);
    }

protected:
    ~cell_end_listeners() = default;

private:
    basic_cell<F>& self() noexcept { return static_cast<basic_cell<F>&>(*this); }
    const basic_cell<F>& self() const noexcept { return static_cast<const basic_cell<F>&>(*this); }
};

}  // namespace drover
