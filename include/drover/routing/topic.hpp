#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/core.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/ref.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/features.hpp"
#include "drover/message/delivery.hpp"
#include "drover/routing/publication.hpp"
#include "drover/routing/subscription.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// Publish and subscribe: what is published is given to every actor that has subscribed, in that actor's own mailbox,
/// as one message that all share. A counted handle; a copy is one atomic increment, and when the last one goes, the
/// subscriptions end. Members are safe from any thread, also after the runtime is gone. Nothing here blocks but for a
/// short lock around the list of subscribers.
///
/// The messages of one publisher reach each subscriber in order, between what it tells that actor. A subscriber that is
/// slow delays nobody: what waits, waits in its mailbox. Publications are accounted for, and buried, as tells are.
template <class M, class F = features>
class basic_topic {
public:
    using message_type = M;
    static_assert(std::is_same_v<M, std::decay_t<M>>,
                  "drover: a topic of a reference or const type; name the plain type");

    /// Made from a runtime or, in a handler, from the context. Throws std::bad_alloc.
    template <class Place>
        requires requires(Place& place) {
            { place.core() } -> std::convertible_to<actor_core<F>&>;
        }
    explicit basic_topic(Place& place) : state_(new topic_state<M, F>(place.core())) {}

    basic_topic(const basic_topic& other) noexcept : state_(other.state_) { state_->add_handle(); }
    basic_topic& operator=(const basic_topic& other) noexcept {
        basic_topic copy(other);
        state_.swap(copy.state_);
        return *this;
    }
    ~basic_topic() { state_->drop_handle(); }

    /// From now on `target` is given what is published: every publication that begins after this returns. If it had
    /// subscribed already, this takes the place of that subscription. The subscription ends with unsubscribe(), or when
    /// the actor stops. False for an empty ref or an actor that has stopped. The actor's handler must take the message
    /// by const reference, or by value, which copies it. Throws std::bad_alloc, and std::invalid_argument for an actor
    /// of another runtime. O(1) but for the next publication, which is O(subscribers) anyway.
    template <class A>
    bool subscribe(const ref<A, F>& target) const {
        if constexpr (check_subscriber<A, M, F>()) {
            return state_->subscribe(target, &subscription<M, F>::template make<A>);
        } else {
            return false;
        }
    }

    /// As above, for those messages of which `filter(const M&)` is true. It is called, as const, in the publishers'
    /// threads and by several at a time. If it throws, the failure sink hears of it and that publication passes this
    /// subscriber by.
    template <class A, class Filter>
    bool subscribe(const ref<A, F>& target, Filter filter) const {
        static_assert(std::is_invocable_r_v<bool, const Filter&, const M&>,
                      "drover: wrong filter: it is a const callable of the topic's message that returns bool");
        if constexpr (check_subscriber<A, M, F>() && std::is_invocable_r_v<bool, const Filter&, const M&>) {
            return state_->subscribe(target, [&](basic_cell<F>& cell, topic_state<M, F>& topic) {
                return filtered_subscription<M, F, Filter>::template make<A>(cell, topic, std::move(filter));
            });
        } else {
            return false;
        }
    }

    /// False if it was no subscriber. Publications that begin after this returns pass it by; what is in its mailbox is
    /// still handled. O(1) as subscribe().
    bool unsubscribe(const basic_handle<F>& target) const noexcept { return state_->unsubscribe(target.cell()); }

    /// How many actors are subscribed at the moment.
    std::size_t subscribers() const noexcept { return state_->subscribers(); }

    /// Gives `message` to all who are subscribed and whose filter lets it pass; to how many is the answer. One move of
    /// the message and no copy; one envelope for each. O(subscribers). Throws std::bad_alloc, when some may have been
    /// given it already, and what the message's move constructor throws, when none has.
    std::size_t publish(M message) const {
        const subscriber_list_ptr<M, F> list = state_->list();
        if (list == nullptr || list->members.empty()) {
            return 0;
        }
        return give(*list, std::move(message));
    }

    friend bool operator==(const basic_topic& a, const basic_topic& b) noexcept { return a.state_ == b.state_; }

private:
    // The references that no envelope has taken over.
    struct spare_references {
        publication<M>* shared;
        std::size_t count;
        ~spare_references() noexcept(false) { shared->release(count); }
    };

    std::size_t give(const subscriber_list<M, F>& list, M&& message) const {
        lane& mine = lane_to(state_->core());
        const send_bracket bracket(mine);
        flush_outbox();  // what this actor told before must not be overtaken
        publication<M>* const shared = publication<M>::create(std::move(message), list.members.size() + 1);
        spare_references spare{shared, list.members.size() + 1};
        std::size_t given = 0;
        for (const auto& each : list.members) {
            if (each->admits != nullptr && !admitted(*each, shared->message())) {
                continue;
            }
            if (is_accepted(each->give(*each->cell, mine, *shared, spare.count))) {
                given += 1;
            }
        }
        return given;
    }

    bool admitted(const subscription<M, F>& one, const M& message) const noexcept {
        try {
            return one.admits(one, message);
        } catch (...) {
            state_->core().report(failure{one.cell->name(), one.cell->id, "topic filter", std::current_exception()});
            return false;
        }
    }

    boost::intrusive_ptr<topic_state<M, F>> state_;
};

template <class M>
using topic = basic_topic<M, features>;

}  // namespace drover
