// Messages that are delivered again, in simulations: over many seeds, and with faults by plan.
#include <drover/actor/redelivery.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/world.hpp"

using drover::context;
using drover::dead_letter_reason;
using drover::directive;
using drover::fault_plan;
using drover::simulated_options;
using drover::simulated_runtime;
using drover::supervised;

namespace {

using namespace std::chrono_literals;

struct job {
    std::uint32_t number;
    std::uint32_t failures;
};
struct hold_on {};
struct go_on {};

struct record {
    std::vector<std::uint32_t> tried = std::vector<std::uint32_t>(64);
    std::vector<std::uint32_t> ended{};       // numbers whose attempt returned
    std::optional<std::uint32_t> expected{};  // whose next attempt must come before any other message
    bool overtaken = false;
};

constexpr std::uint32_t times = 2;

struct worker {
    static constexpr drover::supervision supervision{
        .limit = {.count = 30}, .backoff = {.first = 1ms, .most = 4ms, .seed = 7}, .redeliver = times};
    record* all;
    drover::stash<worker, 16> later{};
    bool paused = false;

    void meet(std::uint32_t number) {
        all->overtaken |= all->expected.has_value() && *all->expected != number;
        all->expected.reset();
    }
    std::uint32_t operator()(const job& j, context& me) {
        meet(j.number);
        if (paused && later.size() != later.capacity()) {
            later.put(j, me);
            return 0;
        }
        if (++all->tried[j.number] <= j.failures) {
            if (all->tried[j.number] % (times + 1) != 0) {
                all->expected = j.number;
            }
            throw std::runtime_error("once more");
        }
        all->ended.push_back(j.number);
        return j.number;
    }
    void operator()(hold_on) {
        meet(1000);
        paused = true;
    }
    void operator()(go_on, context& me) {
        meet(1000);
        paused = false;
        later.replay(me);
    }
};

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(what);
    }
}

}  // namespace

TEST_CASE("over many seeds each message has one end, each ask one answer, and nothing comes before the next attempt") {
    const std::uint64_t seeds = drover::explore(2000, [](simulated_runtime& rt) {
        record all;
        std::mt19937_64 random(rt.seed());
        drover::supervision plan = worker::supervision;
        if (random() % 3 == 0) {
            plan.on_failure = directive::resume;
        }
        plan.limit.count = random() % 4 == 0 ? 4 : 60;
        const auto a = rt.spawn<worker>(supervised{.plan = plan}, &all);
        std::vector<drover::answer<std::uint32_t>> asked;
        for (std::uint32_t each = 0; each != 24; ++each) {
            const job j{each, static_cast<std::uint32_t>(random() % 5 < 3 ? 0 : random() % 5)};
            switch (random() % 6) {
                case 0: asked.push_back(a.ask(j)); break;
                case 1: a.tell_after(std::chrono::milliseconds(random() % 5), j); break;
                case 2: a.tell(hold_on{}); break;
                case 3: a.tell(go_on{}); break;
                default: a.tell(j); break;
            }
            if (random() % 4 == 0) {
                rt.advance(1ms);
            }
        }
        if (random() % 4 == 0) {
            a.stop();
        }
        rt.advance(1s);
        rt.run_until_idle();
        require(!all.overtaken, "something was handled before the next attempt");
        for (const std::uint32_t each : all.tried) {
            require(each <= 2 * (times + 1),
                    "too many attempts");  // once at most before it was put into the stash again
        }
        for (auto& each : asked) {
            require(each.is_ready(), "an ask was not answered");
        }
        a.stop();
        rt.run_until_idle();
        const auto sums = rt.statistics();
        require(sums.pending == 0, "something is pending");
        require(sums.offered == sums.handled + sums.dead() + sums.returned, "the accounts do not agree");
    });
    CHECK(seeds >= 1);
}

namespace {

struct simple {
    static constexpr drover::supervision supervision{.on_failure = directive::resume, .redeliver = 2};
    std::vector<std::uint32_t>* seen;
    std::uint32_t operator()(const job& j) {
        seen->push_back(j.number);
        return j.number;
    }
};

std::vector<std::uint32_t> seen_with(fault_plan faults, std::size_t& injected, drover::accounting& sums,
                                     drover::supervision plan = simple::supervision) {
    std::vector<std::uint32_t> seen;
    simulated_options chosen;
    chosen.faults = std::move(faults);
    simulated_runtime rt(1, chosen);
    const auto a = rt.spawn<simple>(supervised{.plan = plan}, &seen);
    for (std::uint32_t each = 1; each <= 3; ++each) {
        a.tell(job{each, 0});
    }
    rt.run_until_idle();
    injected = rt.faults_injected();
    sums = rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
    return seen;
}

}  // namespace

TEST_CASE("faults by plan count attempts: a message that a fault made fail is delivered again") {
    std::size_t injected = 0;
    drover::accounting sums{};
    SECTION("one throw: the next attempt is the second that counts") {
        CHECK(seen_with(fault_plan().throw_at<job>(1), injected, sums) == std::vector<std::uint32_t>{1, 2, 3});
        CHECK(injected == 1);
        CHECK(sums.handled == 3);
    }
    SECTION("three throws in a row are one message's") {
        CHECK(seen_with(fault_plan().throw_at<job>(1).throw_at<job>(2).throw_at<job>(3), injected, sums) ==
              std::vector<std::uint32_t>{2, 3});
        CHECK(injected == 3);
        CHECK(sums.dead(dead_letter_reason::failed) == 1);
    }
    SECTION("an attempt may be dropped") {
        CHECK(seen_with(fault_plan().throw_at<job>(1).drop<job>(2), injected, sums) ==
              std::vector<std::uint32_t>{2, 3});
        CHECK(sums.dead(dead_letter_reason::unhandled) == 1);
    }
    SECTION("a throw that stops the actor") {
        CHECK(seen_with(fault_plan().throw_at<job>(1), injected, sums, {.on_failure = directive::stop, .redeliver = 2})
                  .empty());
        CHECK(sums.dead(dead_letter_reason::failed) == 1);
        CHECK(sums.dead(dead_letter_reason::stopped) == 2);
    }
}
