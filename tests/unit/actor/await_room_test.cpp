#include <drover/actor/await_room.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using drover_test::await_held;
using drover_test::blocks_in_use;
using drover_test::exact;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;
using reason = drover::dead_letter_reason;

struct item {
    int number;
};

template <class Mailbox>
struct narrow {
    using mailbox = Mailbox;
    void operator()(item i) { out_->push_back(i.number); }
    void operator()(const plug& p) { p.hold(); }
    std::vector<int>* out_;
};

struct send {
    int first;
    int count;
};
struct send_or_sleep {};
struct send_pairs {
    int count;
};

template <class Target>
struct sender {
    drover::task<int> operator()(send s) {
        int accepted = 0;
        for (int i = 0; i != s.count; ++i) {
            accepted += is_accepted(co_await to_.tell_when_room(item{s.first + i})) ? 1 : 0;
        }
        co_return accepted;
    }
    drover::task<int> operator()(send_pairs s) {
        int accepted = 0;
        for (int i = 0; i != s.count; ++i) {
            const auto [one, other] =
                co_await drover::when_all(to_.tell_when_room(item{i}), to_.tell_when_room(item{-i}));
            accepted += (is_accepted(one) ? 1 : 0) + (is_accepted(other) ? 1 : 0);
        }
        co_return accepted;
    }
    drover::task<int> operator()(send_or_sleep) {
        const auto first = co_await drover::when_any(to_.tell_when_room(item{-1}), drover::sleep_for(1ms));
        co_return static_cast<int>(first.index());
    }
    drover::ref<Target> to_;
};

}  // namespace

TEMPLATE_TEST_CASE("tell_when_room: waits for room, whatever the mailbox does when it is full", "",
                   drover::bounded_mailbox<2>, (drover::bounded_mailbox<2, drover::drop_newest>),
                   (drover::bounded_mailbox<2, drover::drop_oldest>), (drover::bounded_mailbox<2, drover::fail_actor>),
                   (drover::bounded_mailbox<2, drover::block_sender<1000>>), drover::unbounded_mailbox) {
    using target = narrow<TestType>;
    const std::size_t before = blocks_in_use();
    {
        std::vector<int> out;
        world w;
        const auto to = w.rt.spawn<target>(&out);
        const auto from = w.rt.spawn<sender<target>>(to);
        auto reply = [&] {
            const plugged held(to);
            auto pending = from.ask(send{0, 10});
            if constexpr (TestType::limited) {
                await_held(from);
                CHECK(!pending.is_ready());
            } else {
                wait_until([&] { return pending.is_ready(); });
            }
            return pending;
        }();
        CHECK(reply.get() == 10);
        w.settle();
        CHECK(out == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        CHECK(w.rt.statistics().dead() == 0);
        CHECK(exact(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("tell_when_room: several who wait all come to their turn") {
    using target = narrow<drover::bounded_mailbox<1>>;
    std::vector<int> out;
    world w;
    const auto to = w.rt.spawn<target>(&out);
    std::vector<drover::answer<int>> replies;
    std::vector<drover::ref<sender<target>>> senders;
    {
        const plugged held(to);
        for (int i = 0; i != 8; ++i) {
            senders.push_back(w.rt.spawn<sender<target>>(to));
            replies.push_back(i % 2 == 0 ? senders.back().ask(send{100 * i, 50}) : senders.back().ask(send_pairs{25}));
        }
    }
    for (auto& each : replies) {
        CHECK(each.get() == 50);
    }
    w.settle();
    CHECK(out.size() == 400);
    CHECK(exact(w.rt.statistics()));
}

TEST_CASE("tell_when_room: hears that the receiver has stopped") {
    using target = narrow<drover::bounded_mailbox<1>>;
    std::vector<int> out;
    world w;
    const auto to = w.rt.spawn<target>(&out);
    const auto from = w.rt.spawn<sender<target>>(to);
    const auto reply = [&] {
        const plugged held(to);
        auto pending = from.ask(send{0, 3});
        await_held(from);
        to.stop();
        return pending;
    };
    auto pending = reply();
    CHECK(pending.get() == 1);
    w.settle();
    CHECK(w.heard.dead(reason::stopped) == 3);
    CHECK(exact(w.rt.statistics()));
    const auto nobody = w.rt.spawn<sender<target>>(drover::ref<target>());
    CHECK(nobody.ask(send{0, 1}).get() == 0);
}

TEST_CASE("tell_when_room: a stop or a timeout ends the wait, and the message is not sent") {
    using target = narrow<drover::bounded_mailbox<1>>;
    const std::size_t before = blocks_in_use();
    {
        std::vector<int> out;
        world w;
        const auto to = w.rt.spawn<target>(drover::spawn_options{.name = "narrow"}, &out);
        const auto from = w.rt.spawn<sender<target>>(to);
        {
            const plugged held(to);
            to.tell(item{1});
            auto timed = from.ask(send_or_sleep{});
            await_held(from);
            w.clock.advance(1ms);
            CHECK(timed.get() == 1);
            auto stopped = from.ask(send{5, 1});
            await_held(from);
            const auto stragglers = w.rt.drain(0ns).stragglers;
            bool named = false;
            for (const drover::straggler& each : stragglers) {
                named = named || each.waiting_for == "room in the mailbox of narrow";
            }
            CHECK(named);
            from.stop();
            CHECK(stopped.result().error().code == drover::ask_error::actor_stopped);
        }
        w.settle();
        CHECK(out == std::vector{1});
        CHECK(exact(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}
