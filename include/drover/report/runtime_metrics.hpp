#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/base/version.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/metrics/combined_metrics.hpp"
#include "drover/metrics/counter_metrics.hpp"
#include "drover/metrics/counter_part.hpp"
#include "drover/metrics/histogram.hpp"
#include "drover/metrics/metrics_snapshot.hpp"
#include "drover/report/metric_family.hpp"
#include "drover/runtime/accounting.hpp"
#include "drover/runtime/runtime.hpp"
#include "drover/runtime/take_metrics.hpp"

namespace drover {

namespace detail {

inline metric_family dead_letters_of(const std::array<std::uint64_t, dead_letter_reasons>& counted) {
    metric_family made{.name = "drover_dead_letters",
                       .help = "Messages that were not handled, by reason.",
                       .type = metric_type::counter};
    for (std::size_t each = 0; each != counted.size(); ++each) {
        const std::string_view reason = to_string(static_cast<dead_letter_reason>(each));
        made.series.push_back({{{"reason", std::string(reason)}}, counted[each]});
    }
    return made;
}

/// The families of a snapshot. Each has a series for each actor type, member or worker, also where it is 0: rates need
/// to see a counter before it grows.
class snapshot_families {
public:
    explicit snapshot_families(const metrics_snapshot& of) : of_(of) {
        actors();
        times("drover_actor_mailbox_time", "Time from the push of a message to its handler.", &actor::mailbox_time);
        times("drover_actor_processing_time", "Time that a call of a handler takes.", &actor::processing_time);
        messages();
        members();
        names();
        workers();
    }

    std::vector<metric_family> take() { return std::move(made_); }

private:
    using actor = metrics_snapshot::actor;
    using member = metrics_snapshot::member;
    using worker = metrics_snapshot::worker;
    static constexpr metric_type counter = metric_type::counter;
    static constexpr metric_type gauge = metric_type::gauge;

    template <class Thing, class Value>
    void add(std::string_view name, std::string_view help, metric_type type, const std::vector<Thing>& things,
             Value value) {
        metric_family& family =
            made_.emplace_back(metric_family{.name = std::string(name), .help = std::string(help), .type = type});
        family.series.reserve(things.size());
        for (const Thing& each : things) {
            family.series.push_back({labels_of(each), value(each)});
        }
    }
    template <class Thing>
    void add(std::string_view name, std::string_view help, const std::vector<Thing>& things,
             std::uint64_t Thing::* value) {
        add(name, help, counter, things, [value](const Thing& each) { return each.*value; });
    }
    void add_one(std::string_view name, std::string_view help, std::uint64_t value) {
        made_.push_back(
            {.name = std::string(name), .help = std::string(help), .type = counter, .series = {{{}, value}}});
    }

    static metric_labels labels_of(const actor& of) { return {{"actor", of.type}}; }
    static metric_labels labels_of(const member& of) {
        return {{"pool", of.pool}, {"member", std::to_string(of.place)}};
    }
    static metric_labels labels_of(const worker& of) { return {{"worker", std::to_string(of.index)}}; }

    void actors() {
        const auto counted = [&](std::string_view name, std::string_view help, std::uint64_t actor::* value) {
            add(name, help, of_.actors, value);
        };
        counted("drover_actor_messages_enqueued", "Messages put into mailboxes.", &actor::enqueued);
        counted("drover_actor_messages_processed", "Messages whose handler has returned.", &actor::handled);
        counted("drover_actor_messages_rejected", "Messages that a full mailbox did not take.", &actor::rejected);
        counted("drover_actor_messages_dropped", "Messages that a full mailbox dropped.", &actor::dropped);
        counted("drover_actor_spawned", "Actors made.", &actor::spawned);
        counted("drover_actor_stopped", "Actors that have stopped.", &actor::stopped);
        counted("drover_actor_restarts", "New states of actors that had failed.", &actor::restarts);
        counted("drover_actor_failures", "Exceptions that left the code of actors.", &actor::failures);
        counted("drover_actor_batches", "Calls of handlers of batches.", &actor::batches);
        counted("drover_actor_batched_messages", "Messages that handlers of batches were given.", &actor::batched);
        add("drover_actor_mailbox_messages", "Messages that wait, without those that are being handled.", gauge,
            of_.actors, [](const actor& each) { return each.waiting(); });
        add("drover_actor_running", "Actors alive.", gauge, of_.actors,
            [](const actor& each) { return each.running(); });
    }

    // Of those that were timed: what nobody times would be 28 lines a type that say nothing.
    void times(std::string_view name, std::string_view help, histogram actor::* value) {
        metric_family family{.name = join_text({name, "_seconds"}),
                             .help = std::string(help),
                             .unit = "seconds",
                             .type = metric_type::histogram};
        for (const actor& each : of_.actors) {
            if ((each.*value).count() != 0) {
                family.series.push_back({labels_of(each), histogram_in_seconds(each.*value, least_power, most_power)});
            }
        }
        made_.push_back(std::move(family));
    }

    void messages() {
        metric_family& dead = made_.emplace_back(metric_family{
            .name = "drover_dead_letters", .help = "Messages that were not handled, by reason.", .type = counter});
        for (std::size_t each = 0; each != dead_letter_reasons; ++each) {
            dead.series.push_back(
                {{{"reason", std::string(to_string(static_cast<dead_letter_reason>(each)))}}, of_.dead_letters[each]});
        }
        add_one("drover_asks_sent", "Asks sent.", sum(&actor::asks_sent));
        add_one("drover_asks_answered", "Asks whose reply came in time.", sum(&actor::asks_answered));
        add_one("drover_asks_timed_out", "Asks whose time was over before a reply came.", sum(&actor::asks_timed_out));
        add_one("drover_timers_fired", "Messages that were to be sent later, and were.", sum(&actor::timers));
    }

    std::uint64_t sum(std::uint64_t actor::* value) const {
        std::uint64_t all = 0;
        for (const actor& each : of_.actors) {
            all += each.*value;
        }
        return all;
    }

    void members() {
        add("drover_pool_picks", "Messages for which a pool picked the member.", of_.members, &member::picks);
        add("drover_pool_ejections", "Times that the member was taken out, as it was not well.", of_.members,
            &member::ejections);
        add("drover_pool_recoveries", "Times that it came back.", of_.members, &member::recoveries);
        add("drover_pool_member_healthy", "1 if the member may be picked, 0 while it is taken out.", gauge, of_.members,
            [](const member& each) { return std::uint64_t{each.healthy() ? 1U : 0U}; });
    }

    void names() {
        add_one("drover_route_cache_hits", "Sends by name whose route was in the router's cache.", of_.cache_hits);
        add_one("drover_route_cache_misses", "Sends by name that looked into the registry.", of_.cache_misses);
        add_one("drover_route_cache_invalidations", "Routes let go because their name leads elsewhere.",
                of_.cache_invalidations);
    }

    void workers() {
        add("drover_worker_steals", "Times that the worker took work of another.", of_.workers, &worker::steals);
        add("drover_worker_parks", "Times that it went to sleep.", of_.workers, &worker::parks);
        add("drover_worker_wakes", "Times that it was woken.", of_.workers, &worker::wakes);
        add("drover_worker_parked_seconds", "Time that it slept, the present pause included.", counter, of_.workers,
            [](const worker& each) { return std::chrono::duration<double>(each.parked).count(); });
        made_.back().unit = "seconds";
    }

    // From 256 ns to 17 s. Each power is a line for each type of actor.
    static constexpr unsigned least_power = 8;
    static constexpr unsigned most_power = 34;

    const metrics_snapshot& of_;
    std::vector<metric_family> made_;
};

}  // namespace detail

/// What a metrics policy has counted, as families for whoever writes them; docs/guides/metrics.md lists their names.
/// Any thread; allocates; linear in the types of actors, members and workers.
inline std::vector<metric_family> families_of(const metrics_snapshot& counted) {
    return detail::snapshot_families(counted).take();
}

namespace detail {

inline metric_family build_info(std::string_view metrics) {
    const std::string text = join_text(
        {std::to_string(version.major), ".", std::to_string(version.minor), ".", std::to_string(version.patch)});
    return {.name = "drover_build_info",
            .help = "Always 1; the labels tell what was built.",
            .type = metric_type::gauge,
            .series = {{{{"version", text}, {"metrics", std::string(metrics)}}, std::uint64_t{1}}}};
}

}  // namespace detail

/// All that a runtime tells of itself: what its metrics policy has counted, how many workers it has, and what was
/// built. If the policy counts nothing, as the default does, the dead letters and failures, which are counted always.
/// Any thread, as long as the runtime lives; no actor and no send waits for it. Allocates. Linear in the types of
/// actors, members and threads: 0.2 ms for 100 types.
template <class F, class Scheduler>
std::vector<metric_family> runtime_metrics(const runtime_with<F, Scheduler>& of) {
    using counting = detail::policy_keeping<typename F::metrics, counter_part>;
    std::vector<metric_family> families;
    if constexpr (std::is_void_v<counting>) {
        const accounting counted = of.statistics();
        families.push_back(detail::dead_letters_of(counted.dead_letters));
        families.push_back({.name = "drover_actor_failures",
                            .help = "Exceptions that left the code of actors.",
                            .type = metric_type::counter,
                            .series = {{{}, counted.failures}}});
    } else {
        families = families_of(take_metrics<counting>(of));
    }
    families.push_back({.name = "drover_workers",
                        .help = "Threads that run actors.",
                        .type = metric_type::gauge,
                        .series = {{{}, std::uint64_t{of.thread_count()}}}});
    families.push_back(detail::build_info(type_name<typename F::metrics>()));
    return families;
}

}  // namespace drover
