#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "drover/metrics/counter_part.hpp"
#include "drover/metrics/hooks.hpp"

namespace drover {

/// Counts what happens, by actor type, pool member and worker. Each thread counts in a part of its own, without locked
/// instructions; take_metrics() adds them up. Types beyond label_table::most_actors count as "other".
struct counter_metrics : no_metrics {
    static constexpr bool labelled = true;
    using thread_part = counter_part;

    static void on_spawn(counter_part& part, hook_subject who) noexcept { of(part, who).spawned.add(1); }
    static void on_stop(counter_part& part, hook_subject who) noexcept { of(part, who).stopped.add(1); }
    static void on_restart(counter_part& part, hook_subject who) noexcept { of(part, who).restarts.add(1); }
    static void on_failure(counter_part& part, hook_subject who) noexcept { of(part, who).failures.add(1); }

    static void on_enqueue(counter_part& part, hook_subject who, std::size_t messages) noexcept {
        of(part, who).enqueued.add(messages);
    }
    static void on_dequeue(counter_part& part, hook_subject who, const auto&) noexcept {
        of(part, who).dequeued.add(1);
    }
    static void on_leave(counter_part& part, hook_subject who) noexcept { of(part, who).left.add(1); }
    static void on_handled(counter_part& part, hook_subject who, std::size_t messages) noexcept {
        of(part, who).handled.add(messages);
    }
    static void on_batch(counter_part& part, hook_subject who, std::size_t messages) noexcept {
        of(part, who).batches.add(1);
        of(part, who).batched.add(messages);
    }
    static void on_rejected(counter_part& part, hook_subject who) noexcept { of(part, who).rejected.add(1); }
    static void on_dropped(counter_part& part, hook_subject who) noexcept { of(part, who).dropped.add(1); }
    static void on_dead_letter(counter_part& part, hook_subject, dead_letter_reason why) noexcept {
        part.dead_letters[static_cast<std::size_t>(why)].add(1);
    }
    static void on_timer(counter_part& part, hook_subject who) noexcept { of(part, who).timers.add(1); }

    static void on_ask_sent(counter_part& part, hook_subject who) noexcept { of(part, who).asks_sent.add(1); }
    static void on_ask_answered(counter_part& part, hook_subject who) noexcept { of(part, who).asks_answered.add(1); }
    static void on_ask_timed_out(counter_part& part, hook_subject who) noexcept { of(part, who).asks_timed_out.add(1); }

    static void on_pick(counter_part& part, hook_member which) noexcept { add(part, which, &member_counters::picks); }
    static void on_ejection(counter_part& part, hook_member which) noexcept {
        add(part, which, &member_counters::ejections);
    }
    static void on_recovery(counter_part& part, hook_member which) noexcept {
        add(part, which, &member_counters::recoveries);
    }
    static void on_cache_hit(counter_part& part) noexcept { part.cache_hits.add(1); }
    static void on_cache_miss(counter_part& part) noexcept { part.cache_misses.add(1); }
    static void on_cache_invalidation(counter_part& part) noexcept { part.cache_invalidations.add(1); }

    static void on_steal(counter_part& part, std::size_t actors) noexcept {
        part.steals.add(1);
        part.stolen.add(actors);
    }
    static void on_park(counter_part& part) noexcept {
        part.parks.add(1);
        part.parked.begin(std::chrono::steady_clock::now());
    }
    static void on_wake(counter_part& part) noexcept {
        part.wakes.add(1);
        part.parked.end(&std::chrono::steady_clock::now);
    }

protected:
    static actor_counters& of(counter_part& part, hook_subject who) noexcept { return part.actors[who.label]; }

private:
    static void add(counter_part& part, hook_member which, owned_counter member_counters::* counter) noexcept {
        if (member_counters* const its = part.member(which.label); its != nullptr) [[likely]] {
            (its->*counter).add(1);
        }
    }
};

static_assert(metrics_policy<counter_metrics>);

}  // namespace drover
