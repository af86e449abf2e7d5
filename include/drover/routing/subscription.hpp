#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "drover/actor/core.hpp"
#include "drover/actor/departure.hpp"
#include "drover/actor/handle.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/delivery.hpp"
#include "drover/routing/publication.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

template <class M, class F>
class topic_state;

/// One actor on the list of one topic. Counted: by the list, by the copies of it that publishers read, and by the
/// actor, which tells it of its end.
template <class M, class F>
struct subscription : departure {
    using give_function = delivery(basic_cell<F>&, lane&, publication<M>&, std::size_t& spare);
    using admit_function = bool(const subscription&, const M&);
    using destroy_function = void(const subscription*) noexcept;

    subscription(basic_cell<F>& subscriber, topic_state<M, F>& owner, give_function* give_, admit_function* admits_,
                 destroy_function* destroy) noexcept
        : departure(&on_departed), cell(&subscriber), topic(&owner), give(give_), admits(admits_), destroy_(destroy) {}
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;

    const boost::intrusive_ptr<basic_cell<F>> cell;
    const boost::intrusive_ptr<topic_state<M, F>> topic;
    give_function* const give;     ///< as published_message::give
    admit_function* const admits;  ///< the filter; null lets everything pass

    /// A subscription of an actor of type `A`, without a filter. Throws std::bad_alloc.
    template <class A>
    static boost::intrusive_ptr<subscription> make(basic_cell<F>& subscriber, topic_state<M, F>& owner) {
        return new subscription(subscriber, owner, &published_message<A, M, F>::give, nullptr,
                                [](const subscription* self) noexcept { delete self; });
    }

    friend void intrusive_ptr_add_ref(const subscription* self) noexcept {
        self->references_.fetch_add(1, std::memory_order_relaxed);
    }
    friend void intrusive_ptr_release(const subscription* self) noexcept {
        if (self->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            self->destroy_(self);
        }
    }

protected:
    ~subscription() = default;

private:
    // The actor's count on this object, taken when it began to listen, ends here.
    static void on_departed(departure* self) noexcept {
        const boost::intrusive_ptr<subscription> counted(static_cast<subscription*>(self), false);
        counted->topic->forget(*counted);
    }

    destroy_function* const destroy_;
    mutable std::atomic<std::uint32_t> references_{0};
};

template <class M, class F, class Filter>
struct filtered_subscription final : subscription<M, F> {
    using base = subscription<M, F>;

    template <class A>
    static boost::intrusive_ptr<base> make(basic_cell<F>& subscriber, topic_state<M, F>& owner, Filter&& filter) {
        return new filtered_subscription(subscriber, owner, &published_message<A, M, F>::give, std::move(filter));
    }

private:
    filtered_subscription(basic_cell<F>& subscriber, topic_state<M, F>& owner, typename base::give_function* give_,
                          Filter&& filter)
        : base(
              subscriber, owner, give_,
              [](const base& self, const M& message) {
                  return static_cast<bool>(static_cast<const filtered_subscription&>(self).filter_(message));
              },
              [](const base* self) noexcept { delete static_cast<const filtered_subscription*>(self); }),
          filter_(std::move(filter)) {}

    const Filter filter_;
};

/// The subscribers of a topic at some moment; never changed once it is there.
template <class M, class F>
struct subscriber_list : boost::intrusive_ref_counter<subscriber_list<M, F>, boost::thread_safe_counter> {
    std::vector<boost::intrusive_ptr<subscription<M, F>>> members;
};

template <class M, class F>
using subscriber_list_ptr = boost::intrusive_ptr<const subscriber_list<M, F>>;

/// What the handles of one topic share. A list is made when the first publication after a change asks for it, so that a
/// thousand subscriptions in a row cost one list. Counted twice: by handles, with whom the subscriptions end, and by
/// all who may still look at it.
template <class M, class F>
class topic_state : public boost::intrusive_ref_counter<topic_state<M, F>, boost::thread_safe_counter> {
public:
    using subscription_ptr = boost::intrusive_ptr<subscription<M, F>>;

    /// With one handle.
    explicit topic_state(actor_core<F>& core) noexcept : core_(core) { core_.retain(); }
    topic_state(const topic_state&) = delete;
    topic_state& operator=(const topic_state&) = delete;
    ~topic_state() { core_.release(); }

    actor_core<F>& core() const noexcept { return core_; }

    void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
    void drop_handle() noexcept {
        if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            end();
        }
    }

    /// `make(cell, *this)` gives the subscription.
    template <class Make>
    bool subscribe(const basic_handle<F>& target, Make make) {
        basic_cell<F>* const cell = target.cell();
        if (cell == nullptr || target.stopped()) {
            return false;
        }
        if (cell->core.get() != &core_) {
            throw std::invalid_argument(
                join_text({"drover: ", target.name(), " is an actor of another runtime than the topic of ",
                           type_name<M>(), "; make a topic from the runtime of its subscribers"}));
        }
        const subscription_ptr fresh = make(*cell, *this);
        subscription_ptr before;
        subscriber_list_ptr<M, F> stale;
        {
            const std::lock_guard lock(mutex_);
            before = std::exchange(members_[cell], fresh);
            list_.swap(stale);
        }
        if (before != nullptr) {
            stop_listening(*before);
        }
        return listen(*fresh);
    }

    bool unsubscribe(basic_cell<F>* cell) noexcept {
        subscription_ptr gone;
        subscriber_list_ptr<M, F> stale;
        {
            const std::lock_guard lock(mutex_);
            const auto found = members_.find(cell);
            if (found == members_.end()) {
                return false;
            }
            gone.swap(found->second);
            members_.erase(found);
            list_.swap(stale);
        }
        stop_listening(*gone);
        return true;
    }

    /// This very subscription, if it is still there.
    void forget(subscription<M, F>& gone) noexcept {
        subscription_ptr held;
        subscriber_list_ptr<M, F> stale;
        const std::lock_guard lock(mutex_);
        const auto found = members_.find(gone.cell.get());
        if (found != members_.end() && found->second.get() == &gone) {
            held.swap(found->second);
            members_.erase(found);
            list_.swap(stale);
        }
    }

    /// Throws std::bad_alloc.
    subscriber_list_ptr<M, F> list() {
        const std::lock_guard lock(mutex_);
        if (list_ == nullptr) {
            const boost::intrusive_ptr<subscriber_list<M, F>> fresh(new subscriber_list<M, F>);
            fresh->members.reserve(members_.size());
            for (const auto& each : members_) {
                fresh->members.push_back(each.second);
            }
            list_ = fresh;
        }
        return list_;
    }

    std::size_t subscribers() const noexcept {
        const std::lock_guard lock(mutex_);
        return members_.size();
    }

private:
    // The subscription is on the list already, so that the actor's end, from wherever it comes, finds it there.
    bool listen(subscription<M, F>& fresh) {
        intrusive_ptr_add_ref(&fresh);  // the actor's
        bool listens = false;
        try {
            listens = fresh.cell->on_departure(fresh);
        } catch (...) {
            forget(fresh);
            intrusive_ptr_release(&fresh);
            throw;
        }
        if (!listens) {
            forget(fresh);
            intrusive_ptr_release(&fresh);
            return false;
        }
        if (!is_member(fresh)) {  // somebody took its place before it listened
            stop_listening(fresh);
        }
        return true;
    }

    static void stop_listening(subscription<M, F>& gone) noexcept {
        if (gone.cell->forget(gone)) {
            intrusive_ptr_release(&gone);
        }
    }

    bool is_member(const subscription<M, F>& one) const noexcept {
        const std::lock_guard lock(mutex_);
        const auto found = members_.find(one.cell.get());
        return found != members_.end() && found->second.get() == &one;
    }

    void end() noexcept {
        std::unordered_map<const basic_cell<F>*, subscription_ptr> members;
        subscriber_list_ptr<M, F> stale;
        {
            const std::lock_guard lock(mutex_);
            members.swap(members_);
            list_.swap(stale);
        }
        for (const auto& each : members) {
            stop_listening(*each.second);
        }
    }

    actor_core<F>& core_;
    std::atomic<std::size_t> handles_{1};
    mutable futex_mutex mutex_;
    std::unordered_map<const basic_cell<F>*, subscription_ptr> members_;
    subscriber_list_ptr<M, F> list_;  // null if it must be made anew
};

}  // namespace drover
