#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "drover/base/ids.hpp"
#include "drover/message/dead_letter.hpp"

namespace drover {

/// Of whom a hook tells: an actor, and the number of its type in label_table::actors(), which is 0 unless the policy is
/// `labelled`.
struct hook_subject {
    actor_id id = actor_id::none;
    std::uint8_t label = 0;
};

/// Of which member of a pool: the number of its place there in label_table::members(), 0 unless the policy is
/// `labelled`.
struct hook_member {
    std::uint16_t label = 0;
};

/// The points at which the runtime calls a metrics policy. A policy is a type with these static functions, each
/// `noexcept` and quick: they run on the message path. Own policies derive from this one and hide the functions they
/// want; what they do not hide costs nothing.
///
/// The first argument of each is the policy's `thread_part`: one for each thread that has to do with the runtime, and
/// for each runtime, so a hook may change it without a lock. If it is not empty it has `absorb(const thread_part&)
/// noexcept`, which adds up what a thread that ends has counted; runtime_with::visit_metrics reads all of them. `stamp`
/// is what travels with each message.
struct no_metrics {
    /// Do actors carry the number of their type?
    static constexpr bool labelled = false;
    struct thread_part {};
    struct stamp {};

    // --- an actor's life ----------------------------------------------------------------------------------------------
    static constexpr void on_spawn(auto& /*part*/, hook_subject) noexcept {}
    /// `started` is about to run, in a new actor or a new state. Not of types that have none.
    static constexpr void on_start(auto& /*part*/, hook_subject) noexcept {}
    /// It has stopped, and its mailbox is empty.
    static constexpr void on_stop(auto& /*part*/, hook_subject) noexcept {}
    /// It has a new state.
    static constexpr void on_restart(auto& /*part*/, hook_subject) noexcept {}
    /// An exception left its code: a handler, `started`, a destructor, a continuation.
    static constexpr void on_failure(auto& /*part*/, hook_subject) noexcept {}

    // --- its messages -------------------------------------------------------------------------------------------------
    /// So many more are about to be in its mailbox or stash; once more if they move from one member of a pool to
    /// another.
    static constexpr void on_enqueue(auto& /*part*/, hook_subject, std::size_t /*messages*/) noexcept {}
    /// Fills the stamp of each of them, the `place`th of these, just before that. It is as it was made, or as an
    /// earlier call has left it if the message moves. Not called if it is empty.
    static constexpr void on_stamp(auto& /*part*/, hook_subject, std::size_t /*place*/, auto& /*stamp*/) noexcept {}
    /// It was taken out, to be handled at once. Not called for the further attempts of a message that is delivered
    /// again.
    static constexpr void on_dequeue(auto& /*part*/, hook_subject, const auto& /*stamp*/) noexcept {}
    /// It was taken out and is not handled: dropped for another, left when its actor stopped, moved to another member.
    static constexpr void on_leave(auto& /*part*/, hook_subject) noexcept {}
    /// Their handler has returned: of one message, or of a batch.
    static constexpr void on_handled(auto& /*part*/, hook_subject, std::size_t /*messages*/) noexcept {}
    /// So many were given to a handler of batches.
    static constexpr void on_batch(auto& /*part*/, hook_subject, std::size_t /*messages*/) noexcept {}
    /// A full mailbox did not take it: it is a dead letter, or with its sender again.
    static constexpr void on_rejected(auto& /*part*/, hook_subject) noexcept {}
    /// A full mailbox dropped it, or another for it.
    static constexpr void on_dropped(auto& /*part*/, hook_subject) noexcept {}
    /// `subject` is empty of a message to a name that nobody holds.
    static constexpr void on_dead_letter(auto& /*part*/, hook_subject, dead_letter_reason) noexcept {}
    /// A message that was to be sent later is about to be.
    static constexpr void on_timer(auto& /*part*/, hook_subject) noexcept {}
    /// Something else than a message has run here, or time has passed: `started`, a continuation, a wait for more
    /// messages.
    static constexpr void on_other(auto& /*part*/) noexcept {}

    // --- asks; the subject is who was asked ---------------------------------------------------------------------------
    static constexpr void on_ask_sent(auto& /*part*/, hook_subject) noexcept {}
    static constexpr void on_ask_answered(auto& /*part*/, hook_subject) noexcept {}
    static constexpr void on_ask_timed_out(auto& /*part*/, hook_subject) noexcept {}

    // --- pools and names ----------------------------------------------------------------------------------------------
    /// A policy has picked it; not of a shared queue, from which members take.
    static constexpr void on_pick(auto& /*part*/, hook_member) noexcept {}
    /// It is not well, and gets nothing; it is well again, or is no member any more.
    static constexpr void on_ejection(auto& /*part*/, hook_member) noexcept {}
    static constexpr void on_recovery(auto& /*part*/, hook_member) noexcept {}
    static constexpr void on_cache_hit(auto& /*part*/) noexcept {}
    static constexpr void on_cache_miss(auto& /*part*/) noexcept {}
    /// What a cache has held for a name is not so any more, and was let go; that send is a miss too.
    static constexpr void on_cache_invalidation(auto& /*part*/) noexcept {}

    // --- workers; the part is the worker's own ------------------------------------------------------------------------
    static constexpr void on_steal(auto& /*part*/, std::size_t /*actors*/) noexcept {}
    /// It has found nothing to run, and looks further.
    static constexpr void on_idle(auto& /*part*/) noexcept {}
    static constexpr void on_park(auto& /*part*/) noexcept {}
    static constexpr void on_wake(auto& /*part*/) noexcept {}
};

/// It is empty, or can take over what another has counted.
template <class Part>
concept metrics_thread_part = std::is_empty_v<Part> || requires(Part& part, const Part& gone) {
    { part.absorb(gone) } noexcept;
};

/// Checks the calls the runtime makes, so that an own policy that lacks one is refused at the features bundle and not
/// deep inside the runtime.
template <class M>
concept metrics_policy = metrics_thread_part<typename M::thread_part> &&
                         requires(typename M::thread_part& part, typename M::stamp& stamp, hook_subject who,
                                  hook_member member, std::size_t n, dead_letter_reason why) {
                             { M::labelled } -> std::convertible_to<bool>;
                             M::on_spawn(part, who);
                             M::on_start(part, who);
                             M::on_stop(part, who);
                             M::on_restart(part, who);
                             M::on_failure(part, who);
                             M::on_enqueue(part, who, n);
                             M::on_stamp(part, who, n, stamp);
                             M::on_dequeue(part, who, stamp);
                             M::on_leave(part, who);
                             M::on_handled(part, who, n);
                             M::on_batch(part, who, n);
                             M::on_rejected(part, who);
                             M::on_dropped(part, who);
                             M::on_dead_letter(part, who, why);
                             M::on_timer(part, who);
                             M::on_other(part);
                             M::on_ask_sent(part, who);
                             M::on_ask_answered(part, who);
                             M::on_ask_timed_out(part, who);
                             M::on_pick(part, member);
                             M::on_ejection(part, member);
                             M::on_recovery(part, member);
                             M::on_cache_hit(part);
                             M::on_cache_miss(part);
                             M::on_cache_invalidation(part);
                             M::on_steal(part, n);
                             M::on_idle(part);
                             M::on_park(part);
                             M::on_wake(part);
                         };

static_assert(metrics_policy<no_metrics>);

}  // namespace drover
