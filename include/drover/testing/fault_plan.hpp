#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

/// What a handler seems to throw where a fault_plan says so.
class injected_fault : public std::runtime_error {
public:
    injected_fault() : std::runtime_error("drover: a fault of the fault_plan") {}
};

/// In place of a message's type: all of them.
struct any_message {};

/// What goes wrong in a simulation, and when: at the nth message of a type, or the nth piece of memory, counted over
/// all actors that `actor` means. That is the name of one, or of its type; empty: all. What a batch takes at a time
/// counts as one message. Types are told apart by their names.
///
/// A fault happens once, at a place that the plan names; or, where its name ends in `one_in`, again and again, at
/// places that are drawn from the simulation's seed: at one in `n` on average, the gaps being spread evenly over 1 to
/// 2n - 1. So over many seeds it meets every message, and the seed that fails has the same faults each time. Each draws
/// for itself: a fault that is added to a plan moves no other, but for what it makes the actors do.
class fault_plan {
public:
    enum class kind : std::uint8_t { throws, drops, delays, refuses };

    struct fault {
        kind what;
        std::string_view message;  ///< its type; empty: any
        std::string actor;
        std::uint64_t nth;      ///< where, or how far apart on average
        clock_duration length;  ///< of a delay; where `drawn`, the longest
        bool drawn = false;     ///< from the seed, again and again
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

    /// The actor does nothing for so long before it handles the message. In a mailbox that changes the order
    /// (priorities, drop_oldest) the time of the delay is that of the message sent first; single-producer mailboxes
    /// know no faults.
    template <class M>
    fault_plan& delay(std::uint64_t nth, clock_duration length, std::string actor = {}) {
        return add<M>(kind::delays, nth, std::move(actor), length);
    }

    /// Memory is refused: the nth piece that the code of these actors asks drover for, for a message, an ask, an actor,
    /// a timer or the frame of a coroutine, does not come, and std::bad_alloc leaves the call that wanted it. What
    /// drover has from the global allocator beside that, and what the program has from there, is not counted.
    fault_plan& refuse_memory(std::uint64_t nth, std::string actor = {}) {
        return add<any_message>(kind::refuses, nth, std::move(actor), {});
    }

    template <class M>
    fault_plan& throw_one_in(std::uint32_t n, std::string actor = {}) {
        return add_drawn<M>(kind::throws, n, std::move(actor), {});
    }

    template <class M>
    fault_plan& drop_one_in(std::uint32_t n, std::string actor = {}) {
        return add_drawn<M>(kind::drops, n, std::move(actor), {});
    }

    /// For a time that is drawn as well, of up to `longest`.
    template <class M>
    fault_plan& delay_one_in(std::uint32_t n, clock_duration longest, std::string actor = {}) {
        if (longest.count() <= 0) {
            throw std::invalid_argument(
                join_text({"drover: delays of up to ", std::to_string(longest.count()), " ns; use more than 0"}));
        }
        return add_drawn<M>(kind::delays, n, std::move(actor), longest);
    }

    fault_plan& refuse_memory_one_in(std::uint32_t n, std::string actor = {}) {
        return add_drawn<any_message>(kind::refuses, n, std::move(actor), {});
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

    template <class M>
    fault_plan& add_drawn(kind what, std::uint32_t n, std::string actor, clock_duration length) {
        if (n == 0) {
            throw std::invalid_argument("drover: a fault at one in 0; use 1 for every one, or more");
        }
        add<M>(what, n, std::move(actor), length);
        faults_.back().drawn = true;
        return *this;
    }

    std::vector<fault> faults_;
};

}  // namespace drover
