#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/supervision/backoff.hpp"
#include "drover/supervision/restart_window.hpp"
#include "drover/supervision/sources.hpp"
#include "drover/supervision/supervision.hpp"

namespace drover {

template <class A>
concept decides_on_failure = requires(const std::exception_ptr& exception) {
    { A::on_failure(exception) } -> std::same_as<directive>;
};

namespace detail {

template <class A, class F>
using guard_for = std::conditional_t<redelivers<A>, redelivering_guard<F>, actor_guard<F>>;

}  // namespace detail

/// Supervises one actor of type `A`. The actor's worker is its only thread.
template <class A, class F, class Source>
class supervisor final : public detail::guard_for<A, F> {
    static_assert(
        !redelivers<A> || !requires { typename A::batches; },
        "drover: redeliver and batches: the messages of a batch are moved out of their envelopes, so none of "
        "them can be delivered again; leave one of the two out of the actor's type");

public:
    supervisor(const supervision& plan, Source&& source)
        : detail::guard_for<A, F>(record, {.buildable = Source::builds && plan.kind != child_kind::temporary,
                                           .permanent = Source::builds && plan.kind == child_kind::permanent,
                                           .children = plan.children,
                                           .redeliver = plan.redeliver}),
          plan_(plan),
          window_(plan.limit),
          source_(std::move(source)) {
        check(plan);
        if (!redelivers<A> && plan.redeliver != 0) {
            throw std::invalid_argument(
                join_text({"drover: supervision::redeliver is ", std::to_string(plan.redeliver), " in the spawn of a ",
                           type_name<A>(),
                           ", whose handlers may change their messages; set it in the type's own `supervision` too"}));
        }
    }

    void build(A* at) { source_.build(at); }

private:
    using guard = actor_guard<F>;
    using verdict = typename guard::verdict;

    directive directive_of(const std::exception_ptr& exception) const {
        if (plan_.decide != nullptr) {
            return plan_.decide(exception);
        }
        if (plan_.on_failure.has_value()) {
            return *plan_.on_failure;
        }
        if constexpr (decides_on_failure<A>) {
            return A::on_failure(exception);
        } else {
            return directive::restart;
        }
    }

    verdict decide(basic_cell<F>& self, const std::exception_ptr& exception) {
        const directive wanted = directive_of(exception);
        if (wanted != directive::restart) {
            return {wanted};
        }
        if constexpr (!Source::builds) {
            return {directive::stop, {}, stop_kind::not_restartable};
        } else if (plan_.kind == child_kind::temporary) {
            return {directive::stop};
        } else {
            return restart(self);
        }
    }

    verdict restart(basic_cell<F>& self) {
        const time_point now = self.core->timers.now();
        if (!window_.admit(now)) {
            return {.what = plan_.beyond, .delay = plan_.backoff.most, .beyond = true};
        }
        if (!delays_.has_value()) {
            delays_.emplace(plan_.backoff, plan_.backoff.seed != 0 ? plan_.backoff.seed : to_integer(self.id));
        }
        return {directive::restart, delays_->next(now)};
    }

    static constexpr typename guard::operations_type record{
        [](guard& self, basic_cell<F>& cell, const std::exception_ptr& exception) {
            return static_cast<supervisor&>(self).decide(cell, exception);
        },
        []() -> void (*)(basic_cell<F>&, const std::exception_ptr&) {
            if constexpr (has_restarting<A>) {
                return [](basic_cell<F>& cell, const std::exception_ptr& cause) {
                    actor_cell<A, F>::state_of(cell).restarting(cause);
                };
            } else {
                return nullptr;
            }
        }(),
        [](guard& self, basic_cell<F>& cell) {
            static_cast<supervisor&>(self).build(std::addressof(actor_cell<A, F>::state_of(cell)));
        },
        [](guard* self) noexcept { delete static_cast<supervisor*>(self); },
        [](guard& self, basic_cell<F>& cell) { return static_cast<supervisor&>(self).restart(cell); }};

    const supervision plan_;
    restart_window window_;
    std::optional<backoff_state> delays_;
    [[no_unique_address]] Source source_;
};

namespace detail {

template <class A, class F, class... Arguments>
guard_pointer<F> make_guard(const supervision& plan, const Arguments&... arguments) {
    if constexpr (rebuildable<A, const Arguments&...>) {
        using source = argument_source<A, std::decay_t<const Arguments&>...>;
        return guard_pointer<F>(new supervisor<A, F, source>(plan, source(std::in_place, arguments...)));
    } else {
        return guard_pointer<F>(new supervisor<A, F, no_source<A>>(plan, no_source<A>{}));
    }
}

// Is it known at compile time that actors of this type are restarted?
template <class A>
consteval bool always_restarted() noexcept {
    return A::supervision.decide == nullptr && (A::supervision.on_failure == directive::restart ||
                                                (!A::supervision.on_failure.has_value() && !decides_on_failure<A>));
}

}  // namespace detail

template <class A, class F, class... Arguments>
guard_pointer<F> supervision::guard(const Arguments&... arguments) const {
    if constexpr (detail::always_restarted<A>()) {
        static_assert(rebuildable<A, const Arguments&...>,
                      "drover: not restartable: the actor's supervision restarts it, so what it is built from must be "
                      "copyable; spawn it with drover::supervised{}.built_by(factory), or choose another directive");
    }
    return detail::make_guard<A, F>(*this, arguments...);
}

}  // namespace drover
