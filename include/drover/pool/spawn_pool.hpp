#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/spawn.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/features.hpp"
#include "drover/pool/member_mailbox.hpp"
#include "drover/pool/pool.hpp"
#include "drover/pool/pool_controller.hpp"
#include "drover/pool/pool_options.hpp"
#include "drover/pool/pulling_mailbox.hpp"
#include "drover/supervision/sources.hpp"
#include "drover/supervision/supervisor.hpp"

namespace drover {

namespace detail {

template <class A, class Policy>
using mailbox_of_member =
    std::conditional_t<pulls<Policy>, pulling_mailbox<mailbox_of<A>, Policy>,
                       std::conditional_t<gauged<Policy>, member_mailbox<mailbox_of<A>, Policy>, mailbox_of<A>>>;

template <class Mailbox>
inline constexpr bool for_one_sender = requires(typename Mailbox::extra& x) {
    { x.room } -> std::same_as<single_sender_admission&>;
};

template <class A>
supervision plan_of_member(const std::optional<supervision>& given) {
    supervision plan{};
    if (given) {
        plan = *given;
    } else if constexpr (supervised_by_type<A>) {
        plan = A::supervision;
    }
    plan.beyond = directive::restart;
    check(plan);
    return plan;
}

template <class A, class Policy, class F, class Options, class Source>
auto member_spawner(actor_core<F>& core, const Options& options, const Source& source) {
    return [&core, plan = plan_of_member<A>(options.plan), each = options.each, name = options.name, source](
               basic_cell<F>& parent, std::uint64_t id, std::unique_ptr<pool_member<Policy, F>> link) {
        spawn_options its = each;
        if (!name.empty()) {
            its.name = join_text({name, "/", std::to_string(id)});
        }
        auto* const guard = new supervisor<A, F, Source>(plan, Source(source));
        guard_pointer<F> owned(guard);
        guard->member.reset(link.release());
        return spawn_built<A, F, mailbox_of_member<A, Policy>>(core, &parent, std::move(its), std::move(owned),
                                                               [guard](A* at) { guard->build(at); });
    };
}

// Builds the controller, and its members before anybody knows it.
template <class A, class Policy, class F, class Options>
struct controller_build {
    using controller = pool_controller<A, Policy, F>;

    boost::intrusive_ptr<pool_state<Policy, F>> pool;
    typename controller::spawner spawn;
    const Options& options;
    std::exception_ptr& thrown;
    basic_handle<F>& face;
    std::uint64_t seed;

    void operator()(controller* at) {
        ::new (static_cast<void*>(at)) controller(pool, std::move(spawn), options.weigh, options.weigh_every, seed);
    }

    void populate(basic_cell<F>& cell) noexcept {
        pool->controller = basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(&cell));
        pool->news = ref<controller, F>(boost::intrusive_ptr<basic_cell<F>>(&cell));
        controller& state = actor_cell<controller, F>::state_of(cell);
        try {
            state.populate(cell, options.members, options.weights, options.each.capacity);
            face = state.face();
        } catch (...) {
            thrown = std::current_exception();
        }
    }
};

template <class Policy, class Options>
void check_pool_options(const Options& options) {
    if (options.weights.size() > options.members) {
        throw std::invalid_argument(
            join_text({"drover: pool_options::weights has ", std::to_string(options.weights.size()), " weights for ",
                       std::to_string(options.members), " members; give one each or fewer"}));
    }
    if (options.weigh_every.count() <= 0) {
        throw std::invalid_argument(join_text({"drover: pool_options::weigh_every is ",
                                               std::to_string(options.weigh_every.count()), " ns; use more than 0"}));
    }
    if (has_projection<Policy> && options.undelivered == undelivered::pick_again) {
        throw std::invalid_argument(
            "drover: pool_options::undelivered is pick_again in a pool whose keys come from keyed_by, which cannot be "
            "asked "
            "again; declare routing_key(const M&) beside the message's type in place of it, or use dead_letters");
    }
}

template <class A, class Policy, class F, class Options, class Source>
basic_handle<F> spawn_pool_from(actor_core<F>& core, basic_cell<F>* parent, Options& options, const Source& source) {
    using controller = pool_controller<A, Policy, F>;
    check_pool_options<Policy>(options);
    const std::uint64_t seed = options.seed != 0 ? options.seed : to_integer(core.next_id());
    const boost::intrusive_ptr<pool_state<Policy, F>> shared(
        new pool_state<Policy, F>(core, options.policy, options.health, seed));
    shared->passes_on = options.undelivered == undelivered::pick_again;
    std::exception_ptr thrown;
    basic_handle<F> face;
    spawn_options own{.name = options.name.empty() ? join_text({"pool of ", type_name<A>()}) : options.name};
    const ref<controller, F> made = spawn_built<controller, F, unbounded_mailbox>(
        core, parent, std::move(own), nullptr,
        controller_build<A, Policy, F, Options>{shared, member_spawner<A, Policy, F>(core, options, source), options,
                                                thrown, face, seed});
    if (thrown != nullptr) {
        made.stop();
        std::rethrow_exception(thrown);
    }
    return face;
}

template <class F>
void check_place(lane& mine, actor_core<F>& core, std::string_view what) {
    if (!mine.worker && !core.gate_open()) {
        throw std::runtime_error(
            join_text({"drover: spawn of a pool of ", what,
                       " on a runtime that drains or has stopped; spawn before drain() and stop()"}));
    }
}

template <class F, class Place>
basic_cell<F>* cell_of(Place& place) noexcept {
    if constexpr (std::is_same_v<Place, basic_context<F>>) {
        return &place.cell();
    } else {
        return nullptr;
    }
}

template <class F>
F bundle_of(const actor_core<F>&);
template <class Place>
using bundle_at = decltype(bundle_of(std::declval<Place&>().core()));

}  // namespace detail

/// Makes a pool of actors of type `A`, whose members are there when this returns: built here, each from copies of
/// `arguments`, of which the pool keeps its own for those it adds and for restarts. `place` is a runtime or, in a
/// handler, the context, whose actor then is the pool's parent. The members stop with the pool and the pool with its
/// parent.
///
/// Throws std::invalid_argument if an option is out of its range or the policy has no table for the members (one
/// sentence with the value), std::bad_alloc, what a member's constructor throws, and std::runtime_error once the
/// runtime drains or stops. O(members log members).
template <class A, balancing_policy Policy = weighted_round_robin, class Health = no_health, class Place,
          class... Arguments>
auto spawn_pool(Place& place, pool_options<Policy, Health> options, const Arguments&... arguments) {
    using F = detail::bundle_at<Place>;
    static_assert(!has_projection<Policy> || includes(Policy::needs, signals::key),
                  "drover: keyed_by around a policy that reads no key; leave keyed_by out");
    constexpr bool possible = rebuildable<A, const Arguments&...>;
    static_assert(
        possible,
        "drover: not a member: a pool builds each of its members from copies of the arguments of spawn_pool, so "
        "they must be copyable and the actor's constructor must take them");
    constexpr bool answers_probes = reports_health<A> || !includes(as_health<Health>::needs, health_signals::probes);
    static_assert(answers_probes,
                  "drover: nothing to probe: active_probes asks members for their health(), so the actor has a member "
                  "function bool health(); or leave active_probes out");
    constexpr bool lingers_in_vain = pulls<Policy> && batching_of<A>::patience.count() != 0;
    static_assert(!lingers_in_vain,
                  "drover: nothing to linger for: members of a pool with a shared_queue take a message when they have "
                  "nothing to do; let the actor's batching be up_to<N>, or choose another policy");
    constexpr bool for_one_sender = pulls<Policy> && detail::for_one_sender<mailbox_of<A>>;
    static_assert(!for_one_sender,
                  "drover: one queue for one sender: the shared_queue of a pool is as its members' mailbox is, and a "
                  "single_producer_mailbox would let only one actor send to the pool; give the actor another mailbox");
    actor_core<F>& core = place.core();
    lane& mine = lane_to(core);
    const send_bracket bracket(mine);
    detail::check_place(mine, core, type_name<A>());
    if constexpr (possible && !lingers_in_vain && !for_one_sender) {
        using source = argument_source<A, std::decay_t<const Arguments&>...>;
        return pool<A, Policy, Health, F>(detail::spawn_pool_from<A, pool_kind<Policy, Health, mailbox_of<A>>, F>(
            core, detail::cell_of<F>(place), options, source(std::in_place, arguments...)));
    } else {
        return pool<A, Policy, Health, F>();
    }
}

}  // namespace drover
