// Dumps while everything runs: they read what others write, and nothing stands still for them but the workers.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::placement;
using drover::spawn_options;

namespace {

struct job {
    int hops = 0;
};
struct fall {};
struct leave {};

template <class Mailbox>
struct runner {
    using mailbox = Mailbox;
    drover::ref<runner> next{};
    void operator()(drover::ref<runner> to) { next = to; }
    void operator()(job one) {
        if (one.hops != 0) {
            next.tell(job{one.hops - 1});
        }
    }
};

struct parent {
    drover::stash<parent, 4> kept{};
    void started(context& me) {
        for (int each = 0; each != 3; ++each) {
            me.spawn([](int n) { return n; }).tell(each);
        }
    }
    void operator()(job one, context& me) {
        if (kept.size() == 3) {
            kept.replay(me);
        } else if (one.hops == 0) {
            kept.put(job{1}, me);
        }
    }
    drover::task<void> operator()(std::string) { co_await drover::sleep_for(100us); }
    void operator()(fall) { throw std::runtime_error("it fell"); }
    void operator()(leave, context& me) { me.stop(); }
};

struct clerk {
    void operator()(job) {}
};

}  // namespace

TEST_CASE("dumps while actors come, run, fail and go") {
    drover::runtime_options options;
    options.threads = 2;
    options.stuck_after = 4ms;
    options.stuck_in = drover::stuck_scope::all_threads;
    options.on_stuck_handler = [](const drover::stuck_handler&) {};
    options.on_dead_letter = [](const drover::dead_letter&) {};
    options.on_failure = [](const drover::failure&) {};
    drover::runtime rt(options);
    std::atomic<bool> over{false};
    const auto make_ring = [&]<class Mailbox>(Mailbox*) {
        using one = runner<Mailbox>;
        std::vector<drover::ref<one>> ring;
        for (int each = 0; each != 4; ++each) {
            ring.push_back(rt.spawn<one>());
        }
        for (std::size_t each = 0; each != ring.size(); ++each) {
            ring[each].tell(ring[(each + 1) % ring.size()]);
        }
        return ring;
    };
    const auto plain = make_ring(static_cast<drover::unbounded_mailbox*>(nullptr));
    const auto evicting = make_ring(static_cast<drover::bounded_mailbox<16, drover::drop_oldest>*>(nullptr));
    const auto levels = make_ring(static_cast<drover::priority_mailbox<2>*>(nullptr));
    const auto pool = drover::spawn_pool<clerk, drover::shared_queue>(rt, {.members = 3});

    std::vector<std::thread> churners;
    churners.emplace_back([&] {
        while (!over.load()) {
            for (const auto& each : plain) {
                each.tell(job{20});
            }
            for (const auto& each : evicting) {
                each.tell(job{20});
            }
            for (const auto& each : levels) {
                each.tell(job{20});
            }
            for (int each = 0; each != 20; ++each) {
                pool.tell(job{});
            }
            while (rt.statistics().pending > 2000 && !over.load()) {
                std::this_thread::yield();
            }
        }
    });
    churners.emplace_back([&] {
        while (!over.load()) {
            const auto a = rt.spawn<parent>(drover::supervised{.plan = {.backoff = {.first = 0ns}}});
            const auto b = rt.spawn<parent>(spawn_options{.placement = placement::own_thread});
            for (int each = 0; each != 6; ++each) {
                a.tell(job{});
                b.tell(job{});
            }
            a.tell(std::string("wait"));
            a.tell(fall{});
            a.tell(job{});
            b.tell(leave{});
            a.stop_when_drained();
            while (!a.stopped() || !b.stopped()) {
                std::this_thread::yield();
            }
        }
    });
    churners.emplace_back([&] {
        while (!over.load()) {
            static_cast<void>(to_text(rt.dump({.deepest = 3, .most_counted = 7})));
        }
    });

    const std::size_t dumps = drover_test::scaled(2000);
    std::size_t busy = 0;
    for (std::size_t each = 0; each != dumps; ++each) {
        const drover::runtime_dump dump = rt.dump();
        std::size_t actors = 0;
        std::size_t waiting = 0;
        for (const auto& row : dump.types) {
            actors += row.actors;
            waiting += row.waiting.messages;
        }
        if (actors != dump.actors || waiting != dump.waiting.messages || dump.actors < 16 || dump.threads.size() < 2 ||
            dump.deepest.size() > 10) {
            FAIL("dump " << each << " contradicts itself:\n" << to_text(dump));
        }
        for (const auto& row : dump.threads) {
            busy += row.does == drover::thread_activity::runs ? 1 : 0;
        }
    }
    over = true;
    for (std::thread& each : churners) {
        each.join();
    }
    CHECK(busy != 0);
    CHECK(rt.drain(1min).complete);
    CHECK(rt.dump().waiting.messages == 0);
}
