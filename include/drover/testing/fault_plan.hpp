#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

/// What a handler seems to throw where a fault_plan says so.
class injected_fault : public std::runtime_error {
public:
    injected_fault() : std::runtime_error("drover: a fault of the fault_plan") {}
};

/// In place of a message's type: all of them.
struct any_message {};

/// What goes wrong in a simulation, and when: at the nth message of a type, or the nth piece of memory, counted over all actors
/// that `actor` means. That is the name of one, or of its type; empty: all. A fault happens once; what a batch takes at a time
/// counts as one message. Types are told apart by their names.
class fault_plan {
public:
    enum class kind : std::uint8_t { throws, drops, delays, refuses };

    struct fault {
        kind what;
        std::string_view message;  ///< its type; empty: any
        std::string actor;
        std::uint64_t nth;
        clock_duration length;
    };

    /// The handler is not called, and seems to throw injected_fault.
    template <class M>
    fault_plan& throw_at(std::uint64_t nth, std::string actor = {}) {
        return add<M>(kind::throws, nth, std::move(actor), {});
    }

    /// The message gets lost: a dead letter, `unhandled`. An ask is answered by `actor_stopped`.
    template <class M>
    fault_plan& drop(std::uint64_t nth, std::string actor = {}) {
        return add<M>(kind::drops, nth, std::move(actor), {});
    }

    /// The actor does nothing for so long before it handles the message. In a mailbox that changes the order (priorities,
    /// drop_oldest) the time of the delay is that of the message sent first; single-producer mailboxes know no faults.
    template <class M>
    fault_plan& delay(std::uint64_t nth, clock_duration length, std::string actor = {}) {
        return add<M>(kind::delays, nth, std::move(actor), length);
    }

    /// Memory is refused: the nth piece that the code of these actors asks drover for, for a message, an ask, an actor, a
    /// timer or the frame of a coroutine, does not come, and std::bad_alloc leaves the call that wanted it. What drover has
    /// from the global allocator beside that, and what the program has from there, is not counted.
    fault_plan& refuse_memory(std::uint64_t nth, std::string actor = {}) {
        return add<any_message>(kind::refuses, nth, std::move(actor), {});
    }

    const std::vector<fault>& faults() const noexcept { return faults_; }

private:
    template <class M>
    fault_plan& add(kind what, std::uint64_t nth, std::string actor, clock_duration length) {
        if (nth == 0) {
            throw std::invalid_argument(what == kind::refuses
                                            ? "drover: a fault at piece 0 of memory; pieces count from 1"
                                            : "drover: a fault at message 0; messages count from 1");
        }
        std::string_view message = type_name<M>();
        if (message == type_name<any_message>()) {
            message = {};
        }
        faults_.push_back({what, message, std::move(actor), nth, length});
        return *this;
    }

    std::vector<fault> faults_;
};

}  // namespace drover
