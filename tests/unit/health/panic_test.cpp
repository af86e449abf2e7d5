#include <drover/health/panic.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

#include "support/watched.hpp"

using namespace drover;

TEST_CASE("panic begins below 50 % and ends at 60 %") {
    panic_watch watch{panic_options{}};
    CHECK_FALSE(watch.look(0, 0));
    CHECK_FALSE(watch.look(50, 100));
    CHECK(watch.look(49, 100));
    CHECK(watch.look(50, 100));
    CHECK(watch.look(59, 100));
    CHECK_FALSE(watch.look(60, 100));
    CHECK_FALSE(watch.look(50, 100));
    CHECK_FALSE(watch.look(1, 2));
    CHECK(watch.look(0, 1));
    CHECK_FALSE(watch.look(1, 1));
    CHECK_FALSE(watch.look(0, 0));
}

TEST_CASE("below 0 % there is no panic") {
    panic_watch watch{panic_options{.below = 0}};
    CHECK_FALSE(watch.look(0, 100));
}

TEST_CASE("in panic all members are picked, or none") {
    for (const panic_answer then : {panic_answer::use_all, panic_answer::refuse}) {
        drover_test::watched<health<>> one(health<>::options{panic_options{.then = then}});
        one.add(10);
        one.monitor.draining(10, one.now);
        one.add(1);
        for (std::uint64_t id = 1; id != 6; ++id) one.monitor.held(id);
        CHECK_FALSE(one.sweep().panic);
        CHECK_FALSE(one.of(1).pickable);
        CHECK(one.of(6).pickable);
        one.monitor.held(6);
        const health_findings& found = one.sweep();
        CHECK(found.panic);
        CHECK(found.changed.size() == (then == panic_answer::use_all ? 6 : 5));
        CHECK(one.of(1).pickable == (then == panic_answer::use_all));
        CHECK(one.of(7).pickable == (then == panic_answer::use_all));
        CHECK_FALSE(one.of(10).pickable);
        CHECK(one.state(1) == health_state::held);
        one.monitor.restarted(6, one.now);
        CHECK(one.sweep().panic);
        one.monitor.restarted(5, one.now);
        CHECK_FALSE(one.sweep().panic);
        CHECK_FALSE(one.of(1).pickable);
        CHECK(one.of(7).pickable);
    }
}
