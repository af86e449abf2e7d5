#pragma once

#include <cstdint>

#include "drover/balancing/member_load.hpp"
#include "drover/base/clock.hpp"
#include "drover/health/trial.hpp"
#include "drover/message/node.hpp"

namespace drover {

struct membership_pick;

/// How an ask ended, for who watches the member that was asked.
enum class ask_outcome : std::uint8_t {
    answered,
    failed,     ///< its promise was answered with an exception, or dropped
    timed_out,  ///< the member may still be at it
    unknown,    ///< it says nothing of the member: it was not handled; or its handler threw, which is counted there
};

/// What an actor that a pool has made tells that pool. Stands beside the actor's supervision, which owns it, for as
/// long as there is a ref; so neither the actor nor who sends to it asks whether the pool is still there.
struct membership {
    struct operations_type {
        /// A handler, `started` or the constructor of a new state threw. On the actor's worker, before anything is
        /// decided.
        void (*failed)(membership&) noexcept;
        /// Its state is gone, and there will be a new one after `delay`; `beyond` its restart limit. On its worker.
        void (*away)(membership&, clock_duration delay, bool beyond) noexcept;
        /// It has a new state. On its worker.
        void (*back)(membership&) noexcept;
        /// An ask to it, of this record, has come to its end. Any thread; `by_itself`: inside a handler of its own.
        void (*ask_ended)(membership&, const void* record, ask_outcome, bool by_itself) noexcept;
        /// A pick has chosen it, and these messages have not come into its mailbox. Any thread.
        void (*refused)(membership&, std::uint64_t messages, const membership_pick&) noexcept;
        /// A pick has chosen it in vain, and another will do. Any thread.
        void (*passed_over)(membership&, bool claimed) noexcept;
        /// A pick has chosen it while it is on trial: may it be sent the message, and by which claim? Any thread.
        trial_claim (*claim)(membership&) noexcept;
        /// It has stopped, and has not taken this message: true if somebody else takes it. Whoever empties the mailbox.
        bool (*pass_on)(membership&, message_node*) noexcept;
        void (*destroy)(membership*) noexcept;
    };

    constexpr membership(const operations_type& record, bool counted) noexcept
        : operations(&record), counted_by_pick(counted) {}
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;

    const operations_type* const operations;
    const bool counted_by_pick;  ///< who has picked it has counted the message on its load
    member_load load;

    struct deleter {
        void operator()(membership* gone) const noexcept { gone->operations->destroy(gone); }
    };

protected:
    ~membership() = default;
};

/// A membership as a pick has found it.
struct membership_pick {
    membership* link = nullptr;
    std::uint32_t marks = 0;  ///< in one word, as it travels with every send; see marked()

    static constexpr std::uint32_t marked(bool claimed, std::uint32_t ticket = 0) noexcept {
        return (claimed ? 1U : 0U) | ticket;
    }

    /// The member was idle, and the pick has taken its mark.
    bool claimed() const noexcept { return (marks & 1U) != 0; }
    /// Of the claim, if the pick has claimed the member's trial; else 0.
    std::uint32_t ticket() const noexcept { return marks & ~1U; }

    void refused(std::uint64_t messages) const noexcept { link->operations->refused(*link, messages, *this); }
};
static_assert(sizeof(membership_pick) <= 16, "it goes to the sending functions in registers");

}  // namespace drover
