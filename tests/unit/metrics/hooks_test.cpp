#include <drover/metrics/hooks.hpp>

#include <catch2/catch.hpp>

namespace {

int handled = 0;

struct counting : drover::no_metrics {
    static void on_handled() noexcept { handled += 1; }
};

struct lacking {
    static void on_handled() noexcept {}
};

// Every hook once, as the runtime calls them.
template <drover::metrics_policy M>
constexpr bool call_all() {
    constexpr drover::actor_id id{1};
    M::on_spawn(id);
    M::on_start(id);
    M::on_stop(id);
    M::on_failure(id);
    M::on_enqueue(1);
    M::on_handled();
    M::on_dead_letter(1);
    M::on_ask_sent();
    M::on_ask_answered();
    M::on_ask_timed_out();
    M::on_steal(0, 1);
    M::on_park(0);
    M::on_wake(0);
    return true;
}

}  // namespace

TEST_CASE("the default metrics do nothing, even at compile time") {
    STATIC_REQUIRE(call_all<drover::no_metrics>());
    CHECK(call_all<drover::no_metrics>());
}

TEST_CASE("an own policy hides the hooks it wants") {
    handled = 0;
    CHECK(call_all<counting>());
    CHECK(handled == 1);
}

TEST_CASE("a type that lacks hooks is no policy") {
    STATIC_REQUIRE(drover::metrics_policy<counting>);
    STATIC_REQUIRE_FALSE(drover::metrics_policy<lacking>);
}
