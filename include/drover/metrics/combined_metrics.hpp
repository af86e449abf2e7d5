#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "drover/base/clock.hpp"
#include "drover/metrics/hooks.hpp"

namespace drover {

template <metrics_policy... Ms>
struct combined_metrics;

namespace detail {

template <class M, class Part>
struct find_policy_keeping {
    using type = std::conditional_t<std::derived_from<typename M::thread_part, Part>, M, void>;
};
template <class M, class... Others, class Part>
struct find_policy_keeping<combined_metrics<M, Others...>, Part> {
    using first = typename find_policy_keeping<M, Part>::type;
    using type = std::conditional_t<std::is_void_v<first>,
                                    typename find_policy_keeping<combined_metrics<Others...>, Part>::type, first>;
};
template <class Part>
struct find_policy_keeping<combined_metrics<>, Part> {
    using type = void;
};

/// Which of a program's metrics policies keeps a `Part` for each thread: itself, or the first that does of those that
/// it combines; void if none does.
template <class M, class Part>
using policy_keeping = typename find_policy_keeping<M, Part>::type;

}  // namespace detail

/// Several metrics policies as one: each hook calls theirs, in their order. Each has a part and a stamp of its own;
/// `part.of<M>()` is that of one.
template <metrics_policy... Ms>
struct combined_metrics {
    static constexpr bool labelled = (Ms::labelled || ...);

private:
    // What stands for a policy's part or stamp.
    template <class M, class Kept>
    struct one {
        one() = default;
        explicit one([[maybe_unused]] const clock_source& clock)
            requires std::is_constructible_v<Kept, const clock_source&>
            : value(clock) {}
        explicit one(const clock_source&)
            requires(!std::is_constructible_v<Kept, const clock_source&>)
            : value() {}
        Kept value;
    };
    // None if that is empty: two that share their type, as those of policies do that hide none, would need two places.
    template <class M, class Kept>
        requires std::is_empty_v<Kept>
    struct one<M, Kept> {
        constexpr one() = default;
        explicit constexpr one(const clock_source&) noexcept {}
        static inline constinit Kept value{};
    };
    template <class M>
    using part_of = one<M, typename M::thread_part>;
    template <class M>
    using stamp_of = one<M, typename M::stamp>;

public:
    struct thread_part : part_of<Ms>... {
        constexpr thread_part() = default;
        explicit thread_part(const clock_source& clock) : part_of<Ms>(clock)... {}

        template <class M>
        constexpr auto& of() noexcept {
            return static_cast<part_of<M>&>(*this).value;
        }
        template <class M>
        constexpr const auto& of() const noexcept {
            return static_cast<const part_of<M>&>(*this).value;
        }

        void absorb(const thread_part& gone) noexcept { (absorb_one<Ms>(gone), ...); }

    private:
        template <class M>
        void absorb_one([[maybe_unused]] const thread_part& gone) noexcept {
            if constexpr (!std::is_empty_v<typename M::thread_part>) {
                of<M>().absorb(gone.of<M>());
            }
        }
    };

    struct stamp : stamp_of<Ms>... {
        template <class M>
        auto& of() noexcept {
            return static_cast<stamp_of<M>&>(*this).value;
        }
        template <class M>
        const auto& of() const noexcept {
            return static_cast<const stamp_of<M>&>(*this).value;
        }
    };

    static void on_spawn(auto& part, hook_subject who) noexcept { (Ms::on_spawn(part.template of<Ms>(), who), ...); }
    static void on_start(auto& part, hook_subject who) noexcept { (Ms::on_start(part.template of<Ms>(), who), ...); }
    static void on_stop(auto& part, hook_subject who) noexcept { (Ms::on_stop(part.template of<Ms>(), who), ...); }
    static void on_restart(auto& part, hook_subject who) noexcept {
        (Ms::on_restart(part.template of<Ms>(), who), ...);
    }
    static void on_failure(auto& part, hook_subject who) noexcept {
        (Ms::on_failure(part.template of<Ms>(), who), ...);
    }
    static void on_enqueue(auto& part, hook_subject who, std::size_t messages) noexcept {
        (Ms::on_enqueue(part.template of<Ms>(), who, messages), ...);
    }
    static void on_stamp(auto& part, hook_subject who, std::size_t place, auto& mark) noexcept {
        (stamp_one<Ms>(part.template of<Ms>(), who, place, mark), ...);
    }
    static void on_dequeue(auto& part, hook_subject who, const auto& mark) noexcept {
        (Ms::on_dequeue(part.template of<Ms>(), who, mark.template of<Ms>()), ...);
    }
    static void on_leave(auto& part, hook_subject who) noexcept { (Ms::on_leave(part.template of<Ms>(), who), ...); }
    static void on_handled(auto& part, hook_subject who, std::size_t messages) noexcept {
        (Ms::on_handled(part.template of<Ms>(), who, messages), ...);
    }
    static void on_batch(auto& part, hook_subject who, std::size_t messages) noexcept {
        (Ms::on_batch(part.template of<Ms>(), who, messages), ...);
    }
    static void on_rejected(auto& part, hook_subject who) noexcept {
        (Ms::on_rejected(part.template of<Ms>(), who), ...);
    }
    static void on_dropped(auto& part, hook_subject who) noexcept {
        (Ms::on_dropped(part.template of<Ms>(), who), ...);
    }
    static void on_dead_letter(auto& part, hook_subject who, dead_letter_reason why) noexcept {
        (Ms::on_dead_letter(part.template of<Ms>(), who, why), ...);
    }
    static void on_timer(auto& part, hook_subject who) noexcept { (Ms::on_timer(part.template of<Ms>(), who), ...); }
    static void on_other(auto& part) noexcept { (Ms::on_other(part.template of<Ms>()), ...); }
    static void on_ask_sent(auto& part, hook_subject who) noexcept {
        (Ms::on_ask_sent(part.template of<Ms>(), who), ...);
    }
    static void on_ask_answered(auto& part, hook_subject who) noexcept {
        (Ms::on_ask_answered(part.template of<Ms>(), who), ...);
    }
    static void on_ask_timed_out(auto& part, hook_subject who) noexcept {
        (Ms::on_ask_timed_out(part.template of<Ms>(), who), ...);
    }
    static void on_pick(auto& part, hook_member which) noexcept { (Ms::on_pick(part.template of<Ms>(), which), ...); }
    static void on_ejection(auto& part, hook_member which) noexcept {
        (Ms::on_ejection(part.template of<Ms>(), which), ...);
    }
    static void on_recovery(auto& part, hook_member which) noexcept {
        (Ms::on_recovery(part.template of<Ms>(), which), ...);
    }
    static void on_cache_hit(auto& part) noexcept { (Ms::on_cache_hit(part.template of<Ms>()), ...); }
    static void on_cache_miss(auto& part) noexcept { (Ms::on_cache_miss(part.template of<Ms>()), ...); }
    static void on_cache_invalidation(auto& part) noexcept { (Ms::on_cache_invalidation(part.template of<Ms>()), ...); }
    static void on_steal(auto& part, std::size_t actors) noexcept {
        (Ms::on_steal(part.template of<Ms>(), actors), ...);
    }
    static void on_idle(auto& part) noexcept { (Ms::on_idle(part.template of<Ms>()), ...); }
    static void on_park(auto& part) noexcept { (Ms::on_park(part.template of<Ms>()), ...); }
    static void on_wake(auto& part) noexcept { (Ms::on_wake(part.template of<Ms>()), ...); }

private:
    template <class M>
    static void stamp_one(auto& part, hook_subject who, std::size_t place, auto& mark) noexcept {
        if constexpr (!std::is_empty_v<typename M::stamp>) {
            M::on_stamp(part, who, place, mark.template of<M>());
        }
    }
};

}  // namespace drover
