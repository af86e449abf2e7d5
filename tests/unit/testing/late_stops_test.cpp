// Children that do not stop in time, in virtual time: who is held up by a fault's delay does not stop before it is
// over.
#include <drover/testing/simulated_runtime.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::simulated_options;
using drover::simulated_runtime;
using drover::supervised;

namespace {

struct job {};
struct nap {};
struct fail {};
struct get_child {};

struct reader {
    void operator()(job) {}
    drover::task<> operator()(nap) { co_await drover::sleep_for(1h); }
    void stopped(const drover::stop_reason& why) { *end = to_string(why.kind()); }
    std::string* end;
};

struct boss {
    void started(context& me) {
        child = me.spawn<reader>(supervised{.options = {.name = "reader", .stop_within = within}}, end);
    }
    void operator()(fail) { throw std::runtime_error("boss"); }
    drover::ref<reader> operator()(get_child) const { return child; }
    drover::clock_duration within;
    std::string* end;
    drover::ref<reader> child{};
};

simulated_options held_up_for(drover::clock_duration length) {
    simulated_options chosen;
    chosen.faults.delay<job>(1, length, "reader");
    return chosen;
}

// What a held-up child of two seconds' patience and its parent do, when the parent is asked to stop.
void stop_with_late_child(simulated_runtime& rt, std::string& end) {
    const auto b = rt.spawn<boss>(drover::clock_duration(2s), &end);
    const auto child = b.ask(get_child{}).get();
    child.tell(job{});
    rt.run_until_idle();
    b.stop();
    rt.advance(2s - 1ns);
    CHECK_FALSE(b.stopped());
    rt.advance(1ns);
    CHECK(b.stopped());
    CHECK_FALSE(child.stopped());
    const auto tree = rt.tree();
    REQUIRE(tree.size() == 1);
    CHECK(tree[0].name == "reader");
    rt.advance(8s - 1ns);
    CHECK_FALSE(child.stopped());
    rt.advance(1ns);
    CHECK(child.stopped());
    CHECK(end == "parent_stopped");
    const auto sums = rt.statistics();
    CHECK(sums.dead(drover::dead_letter_reason::stopped) == 1);
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
}

}  // namespace

TEST_CASE("simulated: a parent goes on without a child that has not stopped in time, to the nanosecond") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::uint64_t seed = 1; seed != 20; ++seed) {
        std::string end;
        simulated_runtime rt(seed, held_up_for(10s));
        stop_with_late_child(rt, end);
        CHECK(rt.late_stops() == std::vector<std::string>{"reader #2 has not stopped in time and waits for a free "
                                                          "worker; its parent goes on without it"});
        CHECK(rt.failures().empty());
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("simulated: on_straggler hears of a late child in place of late_stops()") {
    std::vector<drover::straggler> heard;
    std::string end;
    simulated_options chosen = held_up_for(10s);
    chosen.on_straggler = [&](const drover::straggler& late) { heard.push_back(late); };
    simulated_runtime rt(1, std::move(chosen));
    stop_with_late_child(rt, end);
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].name == "reader");
    CHECK(heard[0].id == drover::actor_id{2});
    CHECK(heard[0].count == 0);
    CHECK(heard[0].waiting_for == "a free worker");
    CHECK(rt.late_stops().empty());
}

TEST_CASE("simulated: a child whose delay ends in time is not late, and nor is a coroutine that waits") {
    std::string end;
    simulated_runtime rt(1, held_up_for(2s - 1ns));
    const auto b = rt.spawn<boss>(drover::clock_duration(2s), &end);
    b.ask(get_child{}).get().tell(job{});
    rt.run_until_idle();
    b.stop();
    rt.advance(2s - 1ns);
    CHECK(b.stopped());
    CHECK(end == "parent_stopped");

    const auto other = rt.spawn<boss>(drover::clock_duration(2s), &end);
    other.ask(get_child{}).get().tell(nap{});
    rt.run_until_idle();
    other.stop();
    rt.run_until_idle();  // not a moment later
    CHECK(other.stopped());
    rt.advance(1h);
    CHECK(rt.late_stops().empty());
}

TEST_CASE("simulated: a coroutine that is held up while it waits is late, and its frame is destroyed in the end") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        std::string end;
        simulated_runtime rt(1, held_up_for(10s));
        const auto b = rt.spawn<boss>(drover::clock_duration(2s), &end);
        const auto child = b.ask(get_child{}).get();
        child.tell(nap{});
        rt.run_until_idle();
        child.tell(job{});
        b.stop();
        rt.advance(2s);
        CHECK(b.stopped());
        CHECK_FALSE(child.stopped());
        CHECK(rt.late_stops().size() == 1);
        rt.advance(8s);
        CHECK(child.stopped());
        CHECK(end == "parent_stopped");
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("simulated: a parent that waits for its own late child is late itself, for its children's sake") {
    std::string end;
    simulated_runtime rt(1, held_up_for(10s));
    drover::handle middle;
    const auto top = rt.spawn([&](job, context& me) {
        const auto its = me.spawn<boss>(drover::spawn_options{.name = "boss", .stop_within = 1s},
                                        drover::clock_duration::max(), &end);
        its.ask(get_child{}).then(me, [](auto child) { (*child).tell(job{}); });
        middle = its;
    });
    top.tell(job{});
    rt.run_until_idle();
    top.stop();
    rt.advance(1s);
    CHECK(top.stopped());
    CHECK_FALSE(middle.stopped());
    CHECK(rt.late_stops() == std::vector<std::string>{"boss #2 has not stopped in time and waits for its children to "
                                                      "stop; its parent goes on without it"});
    rt.advance(9s);
    CHECK(middle.stopped());
}

TEST_CASE("simulated: a parent that fails is restarted without its late child") {
    std::string end;
    simulated_runtime rt(1, held_up_for(10s));
    const auto b = rt.spawn<boss>(supervised{}, drover::clock_duration(2s), &end);
    const auto late = b.ask(get_child{}).get();
    late.tell(job{});
    b.tell(fail{});
    rt.advance(2s);
    const auto fresh = b.ask(get_child{}).get();
    CHECK(fresh != late);
    CHECK_FALSE(late.stopped());
    CHECK(rt.late_stops().size() == 1);
    rt.advance(8s);
    CHECK(late.stopped());
    CHECK_FALSE(fresh.stopped());
}

// The child's delay and its parent's patience end at one moment, so the seed decides who of them parts first.
TEST_CASE(
    "simulated: a child that stops at the very moment is late or not, by the seed, and each time one of the two") {
    std::size_t late = 0;
    constexpr std::uint64_t seeds = 200;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        std::string end;
        simulated_runtime rt(seed, held_up_for(2s));
        const auto b = rt.spawn<boss>(drover::clock_duration(2s), &end);
        const auto child = b.ask(get_child{}).get();
        b.stop();
        child.tell(job{});
        rt.advance(1s);
        if (!child.stopped()) {  // else the stop came before the job
            rt.advance(1s);
        }
        CHECK(b.stopped());
        CHECK(child.stopped());
        CHECK(end == "parent_stopped");
        CHECK(rt.tree().empty());
        late += rt.late_stops().size();
    }
    CHECK(late > 0);
    CHECK(late < seeds);
}
