#include <drover/metrics/hooks.hpp>

#include <cstddef>
#include <type_traits>

#include <catch2/catch.hpp>

namespace {

std::size_t handled = 0;

struct counting : drover::no_metrics {
    static void on_handled(auto&, drover::hook_subject, std::size_t messages) noexcept { handled += messages; }
};

struct keeping : drover::no_metrics {
    struct thread_part {
        std::size_t spawned = 0;
        void absorb(const thread_part& gone) noexcept { spawned += gone.spawned; }
    };
    static void on_spawn(thread_part& part, drover::hook_subject) noexcept { part.spawned += 1; }
};

struct forgetting : keeping {
    struct thread_part {
        std::size_t spawned = 0;
    };
    static void on_spawn(thread_part& part, drover::hook_subject) noexcept { part.spawned += 1; }
};

struct lacking {
    static void on_handled(auto&, drover::hook_subject, std::size_t) noexcept {}
};

// Every hook once, as the runtime calls them.
template <drover::metrics_policy M>
constexpr typename M::thread_part call_all() {
    typename M::thread_part part{};
    typename M::stamp stamp{};
    constexpr drover::hook_subject who{drover::actor_id{1}};
    constexpr drover::hook_member which{1};
    M::on_spawn(part, who);
    M::on_start(part, who);
    M::on_stop(part, who);
    M::on_restart(part, who);
    M::on_failure(part, who);
    M::on_enqueue(part, who, 2);
    M::on_stamp(part, who, 0, stamp);
    M::on_dequeue(part, who, stamp);
    M::on_leave(part, who);
    M::on_handled(part, who, 2);
    M::on_batch(part, who, 2);
    M::on_rejected(part, who);
    M::on_dropped(part, who);
    M::on_dead_letter(part, who, drover::dead_letter_reason::failed);
    M::on_timer(part, who);
    M::on_other(part);
    M::on_ask_sent(part, who);
    M::on_ask_answered(part, who);
    M::on_ask_timed_out(part, who);
    M::on_pick(part, which);
    M::on_ejection(part, which);
    M::on_recovery(part, which);
    M::on_cache_hit(part);
    M::on_cache_miss(part);
    M::on_cache_invalidation(part);
    M::on_steal(part, 1);
    M::on_idle(part);
    M::on_park(part);
    M::on_wake(part);
    return part;
}

}  // namespace

TEST_CASE("the default metrics do nothing, even at compile time") {
    STATIC_REQUIRE((call_all<drover::no_metrics>(), true));
    STATIC_REQUIRE(std::is_empty_v<drover::no_metrics::thread_part>);
    STATIC_REQUIRE(std::is_empty_v<drover::no_metrics::stamp>);
    call_all<drover::no_metrics>();
}

TEST_CASE("an own policy hides the hooks it wants") {
    handled = 0;
    call_all<counting>();
    CHECK(handled == 2);
}

TEST_CASE("an own policy keeps something for each thread") {
    CHECK(call_all<keeping>().spawned == 1);
}

TEST_CASE("a type that lacks hooks is no policy, nor one that forgets what a thread that ends has counted") {
    STATIC_REQUIRE(drover::metrics_policy<counting>);
    STATIC_REQUIRE(drover::metrics_policy<keeping>);
    STATIC_REQUIRE_FALSE(drover::metrics_policy<forgetting>);
    STATIC_REQUIRE_FALSE(drover::metrics_policy<lacking>);
}
