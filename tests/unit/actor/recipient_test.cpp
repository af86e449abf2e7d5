#include <drover/actor/recipient.hpp>

#include <drover/testing.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::delivery;
using drover::recipient;
using drover_test::world;

namespace {

struct worker {
    int operator()(int n) { return n + 1; }
    std::string operator()(const std::string& s) { return s + "!"; }
};

static_assert(sizeof(recipient<int>) == 2 * sizeof(void*));
static_assert(sizeof(recipient<int(int)>) == 2 * sizeof(void*));
static_assert(std::is_convertible_v<drover::ref<worker>, recipient<int>>);
static_assert(std::is_convertible_v<drover::ref<worker>, recipient<int(int)>>);
static_assert(!std::is_constructible_v<recipient<long(int)>, drover::ref<worker>>);
static_assert(!std::is_constructible_v<recipient<std::vector<int>>, drover::ref<worker>>);

}  // namespace

TEST_CASE("a recipient hides the type of the actor") {
    world w;
    std::atomic<int> told{0};
    std::vector<recipient<int>> all;
    all.emplace_back(w.rt.spawn<worker>());
    all.emplace_back(w.rt.spawn([&told](int n) { told += n; }));
    for (const auto& each : all) {
        CHECK(each.tell(5) == delivery::accepted);
        int message = 6;
        CHECK(each.try_tell(message) == delivery::accepted);
    }
    CHECK(w.finish());
    CHECK(told == 11);
    CHECK(all[0] != all[1]);
    CHECK(all[0].id() != drover::actor_id::none);
}

TEST_CASE("a recipient with a reply can be asked") {
    world w;
    const std::vector<recipient<int(int)>> all{w.rt.spawn<worker>(), w.rt.spawn([](int n) { return 10 * n; })};
    CHECK(all[0].ask(1).get() == 2);
    CHECK(all[1].ask(1).get() == 10);
    CHECK(all[1].ask(2, std::chrono::seconds(1)).get() == 20);
    CHECK(all[1].tell(2) == delivery::accepted);
    int message = 3;
    CHECK(all[1].try_tell(message) == delivery::accepted);
    const recipient<std::string(std::string)> text = w.rt.spawn<worker>();
    CHECK(text.ask("hey").get() == "hey!");
}

TEST_CASE("an empty recipient answers no_target") {
    const recipient<int> nobody;
    int message = 1;
    CHECK(nobody.tell(1) == delivery::no_target);
    CHECK(nobody.try_tell(message) == delivery::no_target);
    CHECK_FALSE(nobody);
    const recipient<int(int)> silent;
    CHECK(silent.tell(1) == delivery::no_target);
    CHECK(silent.try_tell(message) == delivery::no_target);
    CHECK(silent.ask(1).result().error().code == drover::ask_error::no_target);
    CHECK(silent.ask(1, std::chrono::seconds(1)).result().error().code == drover::ask_error::no_target);
}

TEST_CASE("try_tell of a recipient leaves a message that was not accepted") {
    world w;
    auto a = w.rt.spawn([](std::unique_ptr<int>) {});
    const recipient<std::unique_ptr<int>> to = a;
    a.stop();
    drover_test::await_closed(a);
    auto message = std::make_unique<int>(5);
    CHECK(to.try_tell(message) == delivery::stopped);
    REQUIRE(message != nullptr);
    CHECK(to.tell(std::move(message)) == delivery::stopped);
}

TEST_CASE("a recipient is told later, at a moment and again and again, in virtual time") {
    using namespace std::chrono_literals;
    drover::simulated_runtime rt(1);
    std::vector<std::pair<int, std::chrono::nanoseconds>> told;
    const drover::time_point begin = rt.now();
    const auto a = rt.spawn([&](int n, drover::context& me) {
        told.emplace_back(n, me.now() - begin);
        return n;
    });
    const recipient<int> to = a;
    const recipient<int(int)> asked = a;
    const drover::timer_handle once = to.tell_after(3s, 1);
    CHECK(once.pending());
    static_cast<void>(to.tell_at(begin + 1s, 2));
    const drover::timer_handle rounds = asked.tell_every(2s, 3);
    CHECK(asked.tell_after(5s, 4).cancel());
    rt.advance(4s);
    CHECK(rounds.cancel());
    CHECK_FALSE(once.pending());
    CHECK_FALSE(to.tell_after(0s, 5).pending());  // at once
    CHECK_FALSE(asked.tell_at(begin, 6).pending());
    rt.advance(10s);
    CHECK(told ==
          std::vector<std::pair<int, std::chrono::nanoseconds>>{{2, 1s}, {3, 2s}, {1, 3s}, {3, 4s}, {5, 4s}, {6, 4s}});
    CHECK_THROWS_AS(to.tell_every(0s, 1), std::invalid_argument);
    CHECK(rt.statistics().handled == 6);
}

TEST_CASE("a recipient keeps the way of repetition, takes what cannot be copied once, and vanishes with its actor") {
    using namespace std::chrono_literals;
    drover::simulated_runtime rt(2);
    int drops = 0;
    const auto a = rt.spawn(drover::overload{[&](std::unique_ptr<int> n) { drops += *n; }, [](long) {}});
    const recipient<std::unique_ptr<int>> to = a;
    const recipient<long> ticks = a;
    const auto last = to.tell_after(1s, std::make_unique<int>(5));
    const auto again = ticks.tell_every(1s, 1, drover::repetition::fixed_delay);
    rt.advance(1s);
    CHECK(drops == 5);
    const auto never = to.tell_after(1s, std::make_unique<int>(7));
    a.stop();
    rt.run_until_idle();
    CHECK_FALSE(never.pending());
    CHECK_FALSE(again.pending());
    CHECK_FALSE(last.pending());
    rt.advance(5s);
    CHECK(drops == 5);
}

TEST_CASE("an empty recipient puts nothing off") {
    const recipient<int> nobody;
    const recipient<int(int)> silent;
    CHECK_FALSE(nobody.tell_after(std::chrono::seconds(1), 1).pending());
    CHECK_FALSE(nobody.tell_at(drover::time_point::max(), 1).pending());
    CHECK_FALSE(silent.tell_every(std::chrono::seconds(1), 1).pending());
}
