// Pools whose members take from one queue (drover::shared_queue).
#include <drover/pool/pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::delivery;
using drover::shared_queue;
using drover::simulated_runtime;
using drover::spawn_pool;

namespace {

using numbers = std::vector<int>;

struct job {
    int number = 0;
    std::chrono::milliseconds takes{0};
};
struct urgent {
    int number = 0;
    static constexpr std::size_t priority = 1;
};
struct leave {};
struct whose {};

struct book {  // of a simulation
    numbers begun{};
    numbers done{};
    std::vector<std::size_t> batches{};
    int built = 0;
    bool fails = false;
};

template <class Mailbox = drover::unbounded_mailbox>
struct clerk {
    using mailbox = Mailbox;

    explicit clerk(book* to) : all(to), me(all->built++) {}

    drover::task<void> operator()(job one) {
        all->begun.push_back(one.number);
        if (one.takes.count() != 0) {
            co_await drover::sleep_for(one.takes);
        }
        if (all->fails) {
            throw std::runtime_error("a bad day");
        }
        all->done.push_back(one.number);
    }
    void operator()(urgent one) { all->begun.push_back(one.number); }
    void operator()(leave, drover::context& turn) { turn.stop(); }
    int operator()(whose) const { return me; }

    book* all;
    int me;
};

struct letters {
    std::vector<std::string> seen{};
    drover::simulated_options options() {
        drover::simulated_options chosen;
        chosen.on_failure = [](const drover::failure&) {};
        chosen.on_dead_letter = [this](const drover::dead_letter& one) {
            seen.emplace_back(drover::to_string(one.reason));
        };
        return chosen;
    }
};

}  // namespace

TEST_CASE("pool queue: no message waits behind a slow one while a member is idle") {
    book all;
    simulated_runtime rt(3);
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 2}, &all);
    pool.tell(job{0, 100s});
    for (int each = 1; each != 21; ++each) {
        CHECK(pool.tell(job{each, 1s}) == delivery::accepted);
    }
    rt.advance(21s);
    CHECK(all.done.size() == 20);
    CHECK(all.begun == [] {
        numbers wanted;
        for (int each = 0; each != 21; ++each) wanted.push_back(each);
        return wanted;
    }());
    rt.advance(100s);
    CHECK(all.done.size() == 21);
}

TEST_CASE("pool queue: messages of one sender are begun in their order, whoever begins them") {
    for (std::uint64_t seed = 1; seed != 50; ++seed) {
        book all;
        simulated_runtime rt(seed);
        const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 3}, &all);
        numbers wanted;
        for (int each = 0; each != 40; ++each) {
            wanted.push_back(each);
            pool.tell(job{each, std::chrono::milliseconds(each % 3)});
            if (each % 5 == 0) {
                rt.advance(1ms);
            }
        }
        rt.advance(1s);
        CHECK(all.begun == wanted);
    }
}

TEST_CASE("pool queue: its capacity is that of the members' mailbox") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    using worker = clerk<drover::bounded_mailbox<4>>;
    const auto pool = spawn_pool<worker, shared_queue>(rt, {.members = 2}, &all);
    pool.tell(job{0, 10s});
    pool.tell(job{1, 10s});
    rt.run_until_idle();
    CHECK(pool.tell(job{2}) == delivery::accepted);
    CHECK(pool.tell(job{3}) == delivery::accepted);
    CHECK(pool.tell(job{4}) == delivery::accepted);
    CHECK(pool.tell(job{5}) == delivery::accepted_above_high_water);
    CHECK(pool.tell(job{6}) == delivery::rejected_full);
    job kept{7};
    CHECK(pool.try_tell(kept) == delivery::rejected_full);
    CHECK(pool.tell_batch(std::vector<job>(3)) == drover::batch_result{0, 3, 0});
    auto question = pool.ask(whose{});
    rt.run_until_idle();
    REQUIRE(question.is_ready());
    CHECK(question.result().error().code == ask_error::mailbox_full);
    CHECK(dead.seen == std::vector<std::string>(5, "rejected"));
    rt.advance(20s);
    CHECK(all.begun == numbers{0, 1, 2, 3, 4, 5});
    CHECK(pool.tell_batch(std::vector<job>(3)) == drover::batch_result{3, 0, 0});
    rt.run_until_idle();
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: a capacity given at spawn, and one that is given in vain") {
    book all;
    simulated_runtime rt(1);
    using worker = clerk<drover::bounded_mailbox<drover::given_at_spawn>>;
    const auto pool = spawn_pool<worker, shared_queue>(rt, {.members = 0, .each = {.capacity = 1}}, &all);
    static_cast<void>(pool.add());
    rt.run_until_idle();
    pool.tell(job{0, 1s});
    rt.run_until_idle();
    pool.tell(job{1});
    CHECK(pool.tell(job{2}) == delivery::rejected_full);
    rt.advance(2s);
    CHECK(all.begun == numbers{0, 1});
    CHECK_THROWS_AS((spawn_pool<worker, shared_queue>(rt, {.members = 0}, &all)), std::invalid_argument);
    CHECK_THROWS_AS((spawn_pool<clerk<>, shared_queue>(rt, {.members = 1, .each = {.capacity = 1}}, &all)),
                    std::invalid_argument);
}

TEST_CASE("pool queue: the oldest goes where the mailbox says so") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    using worker = clerk<drover::bounded_mailbox<2, drover::drop_oldest>>;
    const auto pool = spawn_pool<worker, shared_queue>(rt, {.members = 1}, &all);
    pool.tell(job{0, 1s});
    rt.run_until_idle();
    for (int each = 1; each != 6; ++each) {
        CHECK(is_accepted(pool.tell(job{each})));
    }
    rt.advance(2s);
    CHECK(all.begun == numbers{0, 4, 5});
    CHECK(dead.seen == std::vector<std::string>(3, "dropped"));
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: levels of priority are the queue's") {
    book all;
    simulated_runtime rt(1);
    using worker = clerk<drover::priority_mailbox<2>>;
    const auto pool = spawn_pool<worker, shared_queue>(rt, {.members = 1}, &all);
    pool.tell(job{0, 1s});
    rt.run_until_idle();
    pool.tell(job{1});
    pool.tell(urgent{2});
    pool.tell(job{3});
    pool.tell(urgent{4});
    rt.advance(2s);
    CHECK(all.begun == numbers{0, 2, 4, 1, 3});
}

TEST_CASE("pool queue: what is sent to a member itself comes first, and does not keep what waits from others") {
    book all;
    simulated_runtime rt(5);
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 2}, &all);
    rt.run_until_idle();
    const auto members = pool.members();
    for (int each = 0; each != 30; ++each) {
        all.begun.clear();
        members[0].actor.tell(job{100, 10s});
        members[1].actor.tell(job{101, 1s});
        pool.tell(job{1});
        pool.tell(job{2});
        rt.advance(2s);
        REQUIRE(all.begun.size() == 4);
        CHECK(all.begun[2] == 1);
        rt.advance(10s);
        // One is idle: a message to the other, which has its mark too, and one to both.
        members[0].actor.tell(job{102, 10s});
        pool.tell(job{3});
        rt.advance(1s);
        CHECK(all.begun.size() == 6);
        rt.advance(10s);
    }
}

TEST_CASE("pool queue: without members nobody takes messages, and what waits when the last one goes is told of") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 0}, &all);
    const drover::ref<clerk<>> as_ref = pool;
    CHECK(pool.tell(job{0}) == delivery::no_target);
    CHECK(as_ref.tell(job{0}) == delivery::no_target);
    CHECK(pool.tell_batch(std::vector<job>(2)) == drover::batch_result{0, 0, 2});
    auto question = pool.ask(whose{});
    rt.run_until_idle();
    REQUIRE(question.is_ready());
    CHECK(question.result().error().code == ask_error::no_target);
    CHECK(dead.seen == std::vector<std::string>(5, "no_target"));

    static_cast<void>(pool.add());
    rt.run_until_idle();
    pool.tell(job{1, 1s});
    rt.run_until_idle();
    pool.tell(job{2});
    pool.tell(job{3});
    static_cast<void>(pool.resize(0));
    rt.run_until_idle();
    CHECK(dead.seen.size() == 7);
    CHECK(dead.seen.back() == "no_target");
    rt.advance(2s);
    CHECK(all.done == numbers{1});
    static_cast<void>(pool.add());
    rt.run_until_idle();
    CHECK(pool.tell(job{4}) == delivery::accepted);
    rt.run_until_idle();
    CHECK(all.done == numbers{1, 4});
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: a weight of 0 takes nothing as long as others may") {
    book all;
    simulated_runtime rt(1);
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 2, .weights = {0, 1}}, &all);
    for (int each = 0; each != 4; ++each) {
        pool.tell(job{each, 1s});
    }
    rt.advance(1s);
    CHECK(all.begun.size() == 2);
    const auto second = pool.members()[0].weight == 0.0 ? pool.members()[1] : pool.members()[0];
    static_cast<void>(pool.set_weight(second.actor, 0));
    rt.advance(0s);
    CHECK(pool.tell(job{9}) == delivery::no_target);
    rt.advance(4s);
    CHECK(all.done.size() == 4);  // what had come is handled all the same
    static_cast<void>(pool.set_weight(second.actor, 1));
    rt.run_until_idle();
    CHECK(pool.tell(job{10}) == delivery::accepted);
    rt.run_until_idle();
    CHECK(all.done.back() == 10);
}

TEST_CASE("pool queue: a member that goes leaves the queue to the others") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 2}, &all);
    rt.run_until_idle();
    SECTION("by itself, at the message that it is woken for") {
        pool.tell(leave{});
        pool.tell(job{1});
        pool.tell(job{2});
        rt.run_until_idle();
        CHECK(all.done == numbers{1, 2});
        CHECK(dead.seen.empty());
    }
    SECTION("while it has something else to do") {
        const auto first = pool.members()[0].actor;
        first.tell(job{0, 10s});
        pool.tell(job{1, 10s});
        rt.advance(1s);
        pool.tell(job{2});
        static_cast<void>(pool.remove(first));
        rt.advance(20s);
        CHECK(all.done == numbers{1, 2});
    }
    SECTION("drained: it does not begin what waits") {
        const auto first = pool.members()[0].actor;
        first.tell(job{0, 10s});
        pool.tell(job{1, 20s});
        rt.advance(1s);
        pool.tell(job{2});
        static_cast<void>(pool.drain(first));
        rt.advance(15s);
        CHECK(all.begun == numbers{0, 1});
        rt.advance(20s);
        CHECK(all.done == numbers{0, 1, 2});
    }
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE(
    "pool queue: when the pool is drained the queue is emptied first; when it is stopped it becomes dead letters") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 2}, &all);
    for (int each = 0; each != 10; ++each) {
        pool.tell(job{each, 1s});
    }
    rt.run_until_idle();
    SECTION("drained") {
        pool.stop_when_drained();
        rt.advance(20s);
        CHECK(all.done.size() == 10);
        CHECK(dead.seen.empty());
    }
    SECTION("stopped") {
        pool.stop();
        rt.advance(20s);
        CHECK(all.begun.size() == 2);
        CHECK(dead.seen.size() >= 8);
        CHECK(dead.seen.front() == "stopped");
    }
    CHECK(pool.parent().stopped());
    CHECK(pool.tell(job{11}) == delivery::stopped);
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: a failing member is restarted and goes on with what waits; its message is counted once") {
    book all;
    letters dead;
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<clerk<>, shared_queue>(rt, {.members = 1}, &all);
    all.fails = true;
    pool.tell(job{0, 1s});
    rt.advance(0s);
    for (int each = 1; each != 4; ++each) {
        pool.tell(job{each});
    }
    rt.advance(1s);
    all.fails = false;
    pool.tell(job{4});
    rt.advance(1s);
    CHECK(all.begun == numbers{0, 1, 2, 3, 4});
    CHECK(all.done.back() == 4);
    CHECK(rt.statistics().pending == 0);
    CHECK(pool.members()[0].load == 0);
}

namespace {

struct batcher {
    using batches = drover::of<int>;
    using batching = drover::up_to<8>;

    void operator()(std::span<int> some) {
        all->begun.insert(all->begun.end(), some.begin(), some.end());
        all->batches.push_back(some.size());
    }
    drover::task<void> operator()(job one) { co_await drover::sleep_for(one.takes); }

    book* all;
};

// One whose handler throws as long as it is told to.
struct shaky {
    int operator()(job one) {
        all->begun.push_back(me);
        if (bad[static_cast<std::size_t>(me)]) {
            throw std::runtime_error("a bad day");
        }
        return one.number;
    }
    drover::task<void> operator()(leave) { co_await drover::sleep_for(1s); }

    explicit shaky(book* to) : all(to), me(all->built++) {}
    static inline std::array<bool, 16> bad{};
    book* all;
    int me;
};

struct counter {
    void operator()(int) { handled.fetch_add(1, std::memory_order_relaxed); }
    static inline std::atomic<int> handled{0};
};

}  // namespace

TEST_CASE("pool queue: batches are of what waits in the queue") {
    book all;
    simulated_runtime rt(1);
    const auto pool = spawn_pool<batcher, shared_queue>(rt, {.members = 1}, &all);
    pool.tell(job{0, 1s});
    rt.run_until_idle();
    for (int each = 0; each != 20; ++each) {
        pool.tell(each);
    }
    const auto only = pool.members()[0].actor;
    only.tell(100);
    only.tell(101);
    rt.advance(2s);
    CHECK(all.batches == std::vector<std::size_t>{2, 8, 8, 4});
    CHECK(all.begun.size() == 22);
    CHECK(all.begun[2] == 0);
    CHECK(all.begun.back() == 19);
    CHECK(rt.statistics().pending == 0);
    CHECK(pool.members()[0].load == 0);
}

TEST_CASE("pool queue: an unwell member takes nothing until it is well, also what has been in the queue before") {
    book all;
    letters dead;
    shaky::bad = {};
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<shaky, shared_queue, drover::outlier_detection>(
        rt, {.members = 2, .plan = drover::supervision{.on_failure = drover::directive::resume}}, &all);
    rt.run_until_idle();
    shaky::bad[0] = true;
    for (int each = 0; each != 40; ++each) {
        pool.tell(job{each});
        rt.run_until_idle();
    }
    CHECK(std::count(all.begun.begin(), all.begun.end(), 0) == 5);
    shaky::bad[0] = false;
    // The other one is kept at something, and what waits is for the one that is out.
    pool.tell(leave{});
    for (int each = 0; each != 3; ++each) {
        pool.tell(leave{});
    }
    all.begun.clear();
    pool.tell(job{1});
    rt.advance(3s);
    CHECK(all.begun.empty());
    rt.advance(60s);
    CHECK(all.begun.size() == 1);
    rt.advance(60s);
    all.begun.clear();
    for (int each = 0; each != 40; ++each) {
        pool.tell(job{each});
        rt.run_until_idle();
    }
    CHECK(std::count(all.begun.begin(), all.begun.end(), 0) > 10);
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: a circuit that is half open takes one message of the queue, and then more if that went well") {
    book all;
    letters dead;
    shaky::bad = {};
    simulated_runtime rt(1, dead.options());
    const auto pool = spawn_pool<shaky, shared_queue, drover::health<drover::circuit_breaker>>(
        rt,
        {.members = 1,
         .health = {drover::panic_options{.below = 0}},
         .plan = drover::supervision{.on_failure = drover::directive::resume}},
        &all);
    shaky::bad[0] = true;
    for (int each = 0; each != 200; ++each) {
        pool.tell(job{each});
        rt.run_until_idle();
    }
    const std::size_t open_after = all.begun.size();
    CHECK(open_after < 200);
    CHECK(dead.seen.back() == "no_target");
    rt.advance(60s);
    for (int each = 0; each != 4; ++each) {
        CHECK(pool.tell(job{each}) == delivery::accepted);
    }
    rt.run_until_idle();
    CHECK(all.begun.size() == open_after + 1);  // it failed, so the others wait for the next trial
    CHECK(pool.tell(job{4}) == delivery::no_target);
    shaky::bad[0] = false;
    rt.advance(60s);
    CHECK(all.begun.size() == open_after + 4);
    CHECK(pool.tell(job{5}) == delivery::accepted);
    rt.run_until_idle();
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: an ask that times out is charged to the member that has it, and to nobody while it waits") {
    struct slow {
        drover::task<int> operator()(job one) {
            co_await drover::sleep_for(one.takes);
            co_return one.number;
        }
        void operator()(leave) {}
    };
    simulated_runtime rt(1);
    const auto pool = spawn_pool<slow, shared_queue, drover::outlier_detection>(rt, {.members = 2});
    rt.run_until_idle();
    const auto unwell = [&] {
        const auto all = pool.members();
        return std::count_if(all.begin(), all.end(),
                             [](const auto& each) { return each.health.state == drover::health_state::ejected; });
    };
    // Both are busy, and what waits behind that times out without having been begun.
    pool.tell(job{0, 10s});
    pool.tell(job{0, 10s});
    std::vector<drover::answer<int>> open;
    for (int each = 0; each != 20; ++each) {
        open.push_back(pool.ask(job{each, 0ms}, 1s));
    }
    rt.advance(11s);
    CHECK(unwell() == 0);
    // Each of these is begun, and answered too late.
    for (int each = 0; each != 9; ++each) {
        open.push_back(pool.ask(job{each, 2s}, 1s));
        rt.advance(3s);
    }
    CHECK(unwell() == 1);
    CHECK(rt.statistics().pending == 0);
}

TEST_CASE("pool queue: room in it can be awaited, and its water marks heard") {
    struct sender {
        drover::task<void> operator()(int) {
            for (int each = 1; each != 5; ++each) {
                answers->push_back(co_await to.tell_when_room(job{each, 1s}));
            }
        }
        drover::ref<clerk<drover::bounded_mailbox<1>>> to;
        std::vector<delivery>* answers;
    };
    book all;
    std::vector<delivery> answers;
    simulated_runtime rt(1);
    const auto pool = spawn_pool<clerk<drover::bounded_mailbox<1>>, shared_queue>(rt, {.members = 1}, &all);
    const drover::ref<clerk<drover::bounded_mailbox<1>>> as_ref = pool;
    rt.spawn<sender>(as_ref, &answers).tell(0);
    rt.run_until_idle();
    CHECK(answers.size() == 2);
    rt.advance(10s);
    CHECK(answers.size() == 4);
    CHECK(all.done == numbers{1, 2, 3, 4});

    struct listener {
        void operator()(drover::water_level level) { heard->push_back(level.above); }
        std::vector<bool>* heard;
    };
    std::vector<bool> heard;
    const auto wide = spawn_pool<clerk<drover::bounded_mailbox<8>>, shared_queue>(rt, {.members = 1}, &all);
    const auto ear = rt.spawn<listener>(&heard);
    drover::subscribe_water<drover::features>(wide, drover::recipient<drover::water_level>(ear));
    wide.tell(job{0, 1s});
    rt.run_until_idle();
    for (int each = 0; each != 8; ++each) {
        wide.tell(job{each});
    }
    rt.advance(2s);
    CHECK(heard == std::vector<bool>{true, false});
}

TEST_CASE("pool queue: threads and workers send, members stop and come, and each message has one end") {
    counter::handled = 0;
    drover_test::world w;
    const auto pool = spawn_pool<counter, shared_queue>(w.rt, {.members = 3});
    constexpr int each_sends = 20'000;
    {
        std::vector<std::thread> senders;
        for (int thread = 0; thread != 2; ++thread) {
            senders.emplace_back([&pool] {
                for (int each = 0; each != each_sends; ++each) {
                    pool.tell(each);
                }
            });
        }
        for (int round = 0; round != 20; ++round) {
            static_cast<void>(pool.add().get());
            static_cast<void>(pool.remove(pool.members().front().actor).get());
        }
        for (std::thread& each : senders) {
            each.join();
        }
    }
    CHECK(w.rt.drain(60s).complete);
    const auto sums = w.rt.statistics();
    CHECK(sums.pending == 0);
    CHECK(counter::handled.load() + static_cast<int>(sums.dead()) >= 2 * each_sends);
    CHECK(counter::handled.load() <= 2 * each_sends);
}

TEST_CASE("pool queue: the limits of the members' mailbox are the pool's") {
    using kind = drover::pool_kind<shared_queue, drover::no_health, drover::bounded_mailbox<4>>;
    using mailbox = drover::shared_mailbox<drover::bounded_mailbox<4>, kind, drover::features>;
    drover::mailbox_limits (*volatile limits)() noexcept = &mailbox::default_limits;  // called at run time
    CHECK(limits().capacity == 4);
}
