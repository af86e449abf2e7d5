#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/answer.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/actor/ref.hpp"
#include "drover/balancing/weighted_round_robin.hpp"
#include "drover/base/text.hpp"
#include "drover/pool/pool_batch.hpp"
#include "drover/pool/pool_controller.hpp"
#include "drover/pool/pool_face.hpp"
#include "drover/pool/pool_send.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/pool/scatter.hpp"

namespace drover {

/// What pool::members() says of one member, as of some moment just past.
template <class A, class F>
struct pool_member_view {
    ref<A, F> actor;
    std::optional<double> weight;
    std::uint64_t
        load;  ///< what waits for it and what it is at; 0 if the policy does not read loads and is not `measured`
    std::optional<clock_duration>
        latency;      ///< what a message takes, as member_latency averages; none if that is not kept
    bool picked;      ///< messages go to it, if its weight is not 0; not while it waits for a new state or is unwell
    standing health;  ///< as its health policy sees it
};

/// Actors of type `A` that share their work: a message goes to the one whom `Policy` picks, in the sender's thread. No
/// actor, no lock and no mailbox stands between. A counted handle; a copy is one atomic increment. Made by
/// spawn_pool(). Members are safe from any thread, also after the pool has stopped and after its runtime is gone.
///
/// Sends are those of a `ref`, with a pick before them: the policy's header says what that costs and reads. A pick
/// allocates when a thread makes its first one. Messages of one sender to one member arrive in order; which member gets
/// the next one is the policy's choice, so there is no order among members. If no member takes messages, a send answers
/// `no_target`, and `stopped` once the pool has stopped; the message is a dead letter of the pool.
///
/// It is a handle, so it can be watched, named and compared; and it turns into a `ref<A>` or a `recipient` by itself,
/// through which each message is picked for as well, at the price of an indirect call and of the type: there a full
/// member's mailbox is answered only after the message has gone, and a policy by key wants a declared routing_key.
template <class A, balancing_policy Policy = weighted_round_robin, class Health = no_health, class F = features>
class pool : public basic_handle<F> {
    using kind = pool_kind<Policy, Health, mailbox_of<A>>;
    using state = pool_state<kind, F>;
    using controller = pool_controller<A, kind, F>;

public:
    using actor_type = A;
    using policy = Policy;
    using view = pool_member_view<A, F>;

    pool() noexcept = default;

    /// As ref::tell().
    template <class M>
    delivery tell(M&& message) const {
        using message_type = std::decay_t<M>;
        if constexpr (pulls<Policy>) {
            return ref<A, F>(*this).tell(std::forward<M>(message));
        } else if constexpr (check_tell<A, message_type, F>() && check_key<Policy, message_type>()) {
            return state_ != nullptr ? detail::tell_pool<A>(*state_, std::forward<M>(message)) : delivery::no_target;
        } else {
            return delivery::no_target;
        }
    }

    /// As ref::try_tell(): one pick, and the message stays with the caller if that member does not take it.
    template <class M>
    [[nodiscard]] delivery try_tell(M& message) const {
        static_assert(!std::is_const_v<M>,
                      "drover: try_tell moves from its argument when it succeeds; pass a non-const object");
        if constexpr (pulls<Policy>) {
            return ref<A, F>(*this).try_tell(message);
        } else if constexpr (check_tell<A, M, F>() && check_key<Policy, M>()) {
            return state_ != nullptr ? detail::try_tell_pool<A>(*state_, message) : delivery::no_target;
        } else {
            return delivery::no_target;
        }
    }

    /// Sends every element of `range`, each to the member picked for it; those for one member by one atomic exchange.
    /// As ref::tell_batch() otherwise: a limited mailbox takes all of its part or none. O(n); allocates.
    template <std::ranges::input_range Range>
    batch_result tell_batch(Range&& range) const {
        using message_type = std::ranges::range_value_t<Range>;
        if constexpr (check_tell<A, message_type, F>() && check_key<Policy, message_type>()) {
            if (state_ == nullptr) {
                return {0, 0, static_cast<std::size_t>(std::ranges::distance(range))};
            }
            if constexpr (pulls<Policy>) {
                std::size_t sent = 0;
                const delivery result =
                    detail::tell_batch_to_cell<A, message_type>(*this->cell_, std::forward<Range>(range), sent);
                return is_accepted(result)             ? batch_result{sent, 0, 0}
                       : result == delivery::no_target ? batch_result{0, 0, sent}
                                                       : batch_result{0, sent, 0};
            } else {
                return detail::tell_batch_to_pool<A, kind, message_type>(*state_, std::forward<Range>(range));
            }
        } else {
            return {};
        }
    }

    /// As ref::ask().
    template <class M>
    [[nodiscard]] auto ask(M&& message) const -> typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within(std::forward<M>(message), nullptr);
    }
    template <class M>
    [[nodiscard]] auto ask(M&& message, clock_duration timeout) const ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within(std::forward<M>(message), &timeout);
    }

    /// A copy to every member that there is, whatever its weight, also to those that are not picked at the moment. How
    /// many have taken it. O(members); allocates an envelope for each. Throws as tell(); then some may have it already.
    template <class M>
    std::size_t broadcast(const M& message) const {
        using message_type = std::decay_t<M>;
        if constexpr (check_tell<A, message_type, F>()) {
            std::size_t taken = 0;
            for (const boost::intrusive_ptr<basic_cell<F>>& each : cells([](const auto&) { return true; })) {
                taken += is_accepted(detail::tell_cell<A>(*each, message_type(message))) ? 1U : 0U;
            }
            return taken;
        } else {
            return 0;
        }
    }

    /// Asks all members that are picked at the moment, and the first that succeeds is the answer; if none does, the
    /// last that fails. The others are withdrawn: a member that has not begun the message does not. O(members), an ask
    /// each. Throws as ref::ask() and what the message's copy throws.
    template <class M>
    [[nodiscard]] auto scatter_gather_first(const M& message) const -> typename detail::ask_result<A, M, F>::type {
        return scattered(message, nullptr);
    }
    template <class M>
    [[nodiscard]] auto scatter_gather_first(const M& message, clock_duration timeout) const ->
        typename detail::ask_result<A, M, F>::type {
        return scattered(message, &timeout);
    }

    /// One member more, built as the others; the answer is its ref, once messages go to it. Throws
    /// std::invalid_argument if the weight is not a finite number of 0 or more. The answer fails with what the member's
    /// constructor threw, or with std::invalid_argument if the policy has no room for more.
    answer<ref<A, F>, F> add(std::optional<double> weight = {}) const {
        check_weight(weight.value_or(0), "add");
        return asked(add_member{weight});
    }

    /// No message goes to `member` any more, and it stops; what waits in its mailbox is what pool_options::undelivered
    /// says. The answer is false if it is no member. A send that has picked it already finds it stopped.
    answer<bool, F> remove(const basic_handle<F>& member) const {
        return asked(change_member<F>{member, change_member<F>::remove});
    }

    /// No message goes to `member` any more, and it stops when it has handled what it has. Otherwise as remove().
    answer<bool, F> drain(const basic_handle<F>& member) const {
        return asked(change_member<F>{member, change_member<F>::drain});
    }

    /// A weight of 0: it takes no new messages. The answer is false if it is no member. Throws as add().
    answer<bool, F> set_weight(const basic_handle<F>& member, double weight) const {
        check_weight(weight, "set_weight");
        return asked(change_member<F>{member, change_member<F>::weigh, weight});
    }

    /// What is known of a member's health from elsewhere, for the pool's health policy. The answer is false if it is no
    /// member.
    answer<bool, F> report(const basic_handle<F>& member, bool healthy) const {
        return asked(change_member<F>{member, healthy ? change_member<F>::well : change_member<F>::unwell});
    }

    /// Adds members, or drains the youngest ones. The answer is how many there are then.
    answer<std::size_t, F> resize(std::size_t members) const { return asked(resize_pool{members}); }

    /// In no order. O(members); allocates.
    std::vector<view> members() const {
        if (state_ == nullptr) {
            return {};
        }
        return state_->read(lane_to(state_->core), [](const typename state::table& now) {
            std::vector<view> found;
            found.reserve(now.members.size());
            for (const auto& each : now.members) {
                found.push_back({ref<A, F>(each.cell), each.info.weight, each.link->load.read(),
                                 static_cast<const member_gauge<kind>&>(*each.link).mean_latency(), each.pickable,
                                 each.health});
            }
            return found;
        });
    }

    std::size_t size() const {
        return state_ == nullptr ? 0 : state_->read(lane_to(state_->core), [](const typename state::table& now) {
            return now.members.size();
        });
    }

    /// The actor that is its members' parent: it stops last.
    basic_handle<F> parent() const noexcept { return state_ != nullptr ? state_->controller : basic_handle<F>(); }

    operator ref<A, F>() const noexcept { return ref<A, F>(this->cell_); }
    template <class M>
        requires handles<A, M, F>
    operator recipient<M, F>() const noexcept {
        return ref<A, F>(this->cell_);
    }
    template <class R, class M>
        requires(answers<A, M, F> && std::same_as<reply_type<A, M, F>, R>)
    operator recipient<R(M), F>() const noexcept {
        return ref<A, F>(this->cell_);
    }

    // --- for the runtime -----------------------------------------------------------------------------------------------

    explicit pool(const basic_handle<F>& face) noexcept
        : basic_handle<F>(face), state_(detail::pool_of_face<A, kind>(*face.cell()).get()) {}

private:
    template <class M>
    auto ask_within(M&& message, const clock_duration* timeout) const ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        using message_type = std::decay_t<M>;
        if constexpr (check_ask<A, message_type, F>() && check_key<Policy, message_type>()) {
            if (state_ == nullptr) {
                return answer<reply_type<A, message_type, F>, F>(ask_error{ask_error::no_target, nullptr});
            }
            if constexpr (pulls<Policy>) {
                return detail::ask_cell<A>(*this->cell_, message_type(std::forward<M>(message)), timeout);
            } else {
                return detail::ask_pool<A>(*state_, message_type(std::forward<M>(message)), timeout);
            }
        } else {
            return refused{};
        }
    }

    template <class M>
    auto scattered(const M& message, const clock_duration* timeout) const ->
        typename detail::ask_result<A, M, F>::type {
        if constexpr (check_ask<A, M, F>()) {
            using reply = answer<reply_type<A, M, F>, F>;
            if (state_ == nullptr) {
                return reply(ask_error{ask_error::no_target, nullptr});
            }
            const auto found = cells([](const auto& each) { return each.pickable && each.info.weight != 0.0; });
            if (found.empty()) {
                return detail::no_answer<reply, M>(*state_, lane_to(state_->core));
            }
            return detail::scatter<A>(found, *this->cell_, message, timeout);
        } else {
            return refused{};
        }
    }

    template <class Change>
    auto asked(Change&& what) const {
        const auto to = state_ != nullptr ? state_->controller.template as<controller>() : ref<controller, F>();
        return to.ask(std::forward<Change>(what));
    }

    template <class Wanted>
    std::vector<boost::intrusive_ptr<basic_cell<F>>> cells(Wanted wanted) const {
        if (state_ == nullptr) {
            return {};
        }
        return state_->read(lane_to(state_->core), [wanted](const typename state::table& now) {
            std::vector<boost::intrusive_ptr<basic_cell<F>>> found;
            found.reserve(now.members.size());
            for (const auto& each : now.members) {
                if (wanted(each)) {
                    found.push_back(each.cell);
                }
            }
            return found;
        });
    }

    static void check_weight(double weight, std::string_view where) {
        if (!std::isfinite(weight) || weight < 0) {
            throw std::invalid_argument(
                join_text({"drover: the weight given to pool::", where, " is ", detail::number_text(weight),
                           "; give it a finite one above 0, or 0 if it shall take no new messages"}));
        }
    }

    state* state_ = nullptr;  // the actor's mailbox keeps it
};

}  // namespace drover
