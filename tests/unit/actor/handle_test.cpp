#include <drover/actor/handle.hpp>

#include <set>
#include <string>
#include <unordered_set>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::world;

namespace {

struct first {
    void operator()(int) {}
};
struct second {
    int operator()(int n) { return n; }
};

}  // namespace

TEST_CASE("an empty handle refers to nobody and does nothing") {
    const drover::handle nobody;
    CHECK_FALSE(nobody);
    CHECK(nobody.id() == drover::actor_id::none);
    CHECK(nobody.name() == "nobody");
    CHECK(nobody.stopped());
    nobody.stop();
    nobody.stop_when_drained();
    CHECK(nobody == drover::handle());
    CHECK_FALSE(nobody.as<first>());
    const drover::ref<first> typed = nobody;
    CHECK_FALSE(typed);
}

TEST_CASE("handles compare, order and hash by the actor") {
    world w;
    const drover::ref<first> a = w.rt.spawn<first>();
    const drover::ref<first> b = w.rt.spawn<first>();
    const drover::ref<first> copy = a;
    CHECK(a == copy);
    CHECK(a != b);
    CHECK((a <=> copy) == std::strong_ordering::equal);
    CHECK((a < b) != (b < a));
    CHECK((drover::ref<first>() < a));
    CHECK(std::hash<drover::ref<first>>{}(a) == std::hash<drover::handle>{}(copy));
    std::set<drover::ref<first>> ordered{a, b, copy};
    CHECK(ordered.size() == 2);
    std::unordered_set<drover::ref<first>> hashed{a, b, copy, drover::ref<first>()};
    CHECK(hashed.size() == 3);
    std::unordered_set<drover::handle> untyped{a, copy, w.rt.spawn<second>()};
    CHECK(untyped.size() == 2);
}

TEST_CASE("an actor has a number of its own and a name") {
    world w;
    const auto a = w.rt.spawn<first>();
    const auto b = w.rt.spawn<first>(drover::spawn_options{.name = "bee"});
    CHECK(a.id() != drover::actor_id::none);
    CHECK(a.id() != b.id());
    CHECK(a.name().find("first") != std::string_view::npos);
    CHECK(b.name() == "bee");
    const drover::handle handle = b;
    CHECK(handle.name() == "bee");
    CHECK(handle.id() == b.id());
}

TEST_CASE("a handle turns into the ref of its actor's type only, and says both types otherwise") {
    world w;
    const drover::handle handle = w.rt.spawn<second>();
    const drover::ref<second> right = handle;
    CHECK(right.ask(4).get() == 4);
    CHECK(handle.as<second>() == right);
    CHECK_THROWS_AS(handle.as<first>(), std::logic_error);
    try {
        const drover::ref<first> wrong = handle;
        FAIL("converted to " << wrong.name());
    } catch (const std::logic_error& error) {
        CHECK_THAT(error.what(), Catch::Contains("second") && Catch::Contains("first"));
    }
}

TEST_CASE("moving and copying keeps count, and a handle outlives actor and runtime") {
    drover::handle kept;
    std::string name;
    {
        world w;
        drover::ref<second> a = w.rt.spawn<second>(drover::spawn_options{.name = "kept"});
        drover::ref<second> moved = std::move(a);
        CHECK_FALSE(a);
        CHECK(moved.ask(1).get() == 1);
        a = moved;
        CHECK(a == moved);
        kept = moved;
        CHECK_FALSE(kept.stopped());
        kept.stop();
        drover_test::wait_until([&] { return kept.stopped(); });
        kept.stop();  // again: nothing
        kept.stop_when_drained();
    }
    CHECK(kept.stopped());
    CHECK(kept.name() == "kept");
    kept.stop();
    kept.stop_when_drained();
}

TEST_CASE("stop makes the queue dead letters; stop_when_drained handles it first") {
    drover_test::door entered;
    drover_test::door leave;
    world w(1);
    std::atomic<int> handled{0};
    auto block = [&](int n) {
        if (n == 0) {
            entered.open();
            leave.pass();
        }
        handled += 1;
    };
    auto a = w.rt.spawn(block);
    a.tell(0);
    entered.pass();
    a.tell(1);
    a.tell(2);
    SECTION("stop") {
        a.stop();
        a.tell(3);
        leave.open();
        w.settle();
        drover_test::wait_until([&] { return a.stopped(); });
        CHECK(handled == 1);
        CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 3);
    }
    SECTION("stop_when_drained, twice") {
        a.stop_when_drained();
        a.stop_when_drained();
        a.tell(3);
        leave.open();
        w.settle();
        drover_test::wait_until([&] { return a.stopped(); });
        CHECK(handled == 3);
        CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 1);
    }
    SECTION("stop after stop_when_drained is at once") {
        a.stop_when_drained();
        a.stop();
        leave.open();
        w.settle();
        drover_test::wait_until([&] { return a.stopped(); });
        CHECK(handled == 1);
        CHECK(w.heard.letters().size() == 2);  // the mark of stop_when_drained is no message
    }
    CHECK(a.tell(4) == drover::delivery::stopped);
}
