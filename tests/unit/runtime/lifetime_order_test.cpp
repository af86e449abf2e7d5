// Threads, runtimes and statics end in any order, and every block comes back. Statics end with their process, so each
// of those orders has a child that ends by exit(); the static that it makes first is destroyed last, and looks whether
// all came back.
#include <drover/drover.hpp>

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/death.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::blocks_in_use;
using drover_test::death;
using drover_test::in_child;
using drover_test::wait_until;

namespace {

struct payload {
    std::array<char, 100> text{};
};

struct echo {
    void operator()(const payload&) {}
    int operator()(int n) { return n; }
};

drover::runtime_options one_thread() {
    drover::runtime_options options;
    options.threads = 1;
    options.on_dead_letter = [](const drover::dead_letter&) {};
    return options;
}

// Ends the child: with 0 if all is well.
struct last_look {
    std::size_t before = blocks_in_use();
    std::size_t steps_left;
    explicit last_look(std::size_t steps) : steps_left(steps) {}
    ~last_look() {
        const std::size_t now = blocks_in_use();
        if (now != before || steps_left != 0) {
            std::fprintf(stderr, "%zu blocks in place of %zu, %zu steps left\n", now, before, steps_left);
        }
        drover_test::save_counts();
        ::_exit(now == before && steps_left == 0 ? 0 : 1);
    }
};

// Runs `act` when it is destroyed, and wants the answer that is given with it.
template <class Act>
struct at_the_end {
    last_look& all;
    Act act;
    ~at_the_end() {
        if (act()) {
            all.steps_left -= 1;
        }
    }
};
template <class Act>
at_the_end(last_look&, Act) -> at_the_end<Act>;

template <class Body>
void ends_well(Body body) {
    const death end = in_child([body] {
        body();
        std::exit(7);  // destroys the statics, and the first of them never returns
    });
    CHECK(end.said == "");
    CHECK(end.signal == 0);
    CHECK(end.status == 0);
}

// Sends when its thread ends.
struct late_sender {
    drover::ref<echo> to;
    ~late_sender() {
        if (to) {
            to.tell(payload{});
        }
    }
};
thread_local late_sender late;
thread_local std::optional<drover::runtime> of_the_thread;

// Sends in a later round of a thread's end than the one in which the pool has taken the thread's blocks for the first
// time.
struct very_late_sender {
    drover::ref<echo> to;
    int rounds = 2;

    static void at_end(void* self) {
        auto* const mine = static_cast<very_late_sender*>(self);
        if (mine->rounds-- != 0) {
            ::pthread_setspecific(key(), mine);
            return;
        }
        const std::unique_ptr<very_late_sender> gone(mine);
        gone->to.tell(payload{});
    }
    // Made before the pool's own key, so that the pool's is served after it in each round.
    static pthread_key_t key() {
        static const pthread_key_t made = [] {
            pthread_key_t fresh{};
            ::pthread_key_create(&fresh, &at_end);
            return fresh;
        }();
        return made;
    }
};
const pthread_key_t made_early = very_late_sender::key();

}  // namespace

TEST_CASE("a static sends to an actor of a static runtime that is there still") {
    ends_well([] {
        static last_look all(1);
        static drover::runtime rt(one_thread());
        static const auto a = rt.spawn<echo>();
        static const at_the_end last{all,
                                     [] { return a.tell(payload{}) == delivery::accepted && a.ask(3).get() == 3; }};
    });
}

TEST_CASE("a static sends to an actor of a static runtime that has ended") {
    ends_well([] {
        static last_look all(2);
        static drover::ref<echo> a;
        static std::optional<drover::answer<int>> kept;
        static const at_the_end last{all, [] {
                                         payload message;
                                         return a.tell(payload{}) == delivery::stopped &&
                                                a.try_tell(message) == delivery::stopped && !a.ask(3).result();
                                     }};
        static const at_the_end unanswered{all, [] { return !kept->result(); }};
        static drover::runtime rt(one_thread());
        a = rt.spawn<echo>();
        const auto held = rt.spawn([](int n, drover::context& turn) {
            turn.stop();
            return n;
        });
        held.tell(1);
        wait_until([&] { return held.stopped(); });
        kept.emplace(held.ask(2));
        a.tell(payload{});
    });
}

TEST_CASE("statics of two runtimes send to each other's actors while both end") {
    ends_well([] {
        static last_look all(2);
        static drover::runtime first(one_thread());
        static const auto in_first = first.spawn<echo>();
        static drover::ref<echo> in_second;
        static const at_the_end after_second{
            all, [] { return in_second.tell(payload{}) == delivery::stopped && in_first.ask(1).get() == 1; }};
        static drover::runtime second(one_thread());
        in_second = second.spawn<echo>();
        static const at_the_end before_second{
            all, [] { return in_second.ask(2).get() == 2 && in_first.tell(payload{}) == delivery::accepted; }};
    });
}

TEST_CASE("a static's own destructor ends a runtime that another thread has made") {
    ends_well([] {
        static last_look all(1);
        static std::unique_ptr<drover::runtime> rt;
        static drover::ref<echo> a;
        static const at_the_end last{all, [] { return a.tell(payload{}) == delivery::accepted && (rt.reset(), true); }};
        std::thread([] {
            rt = std::make_unique<drover::runtime>(one_thread());
            a = rt->spawn<echo>();
        }).join();
    });
}

TEST_CASE("a thread-local sends when its thread ends, to a runtime that is there and to one that has ended") {
    const std::size_t before = blocks_in_use();
    auto rt = std::make_unique<drover::runtime>(one_thread());
    auto a = rt->spawn<echo>();
    for (int ended = 0; ended != 2; ++ended) {
        std::thread([&a] { late.to = a; }).join();
        // What the pool and the runtime keep for this thread is made before the thread-local, and so is it the other
        // way round.
        std::thread([&a] {
            a.tell(payload{});
            late.to = a;
            a.tell(payload{});
        }).join();
        if (ended == 0) {
            CHECK(rt->drain(std::chrono::seconds(60)).complete);
            CHECK(rt->statistics().handled == 4);
            CHECK(rt->statistics().dead() == 0);
        }
        rt.reset();
    }
    CHECK(a.stopped());
    a = {};
    CHECK(blocks_in_use() == before);
}

TEST_CASE("an envelope is made and freed after the pool has taken back what the thread had") {
    const std::size_t before = blocks_in_use();
    auto rt = std::make_unique<drover::runtime>(one_thread());
    auto a = rt->spawn<echo>();
    for (int ended = 0; ended != 2; ++ended) {
        std::thread([&a] {
            a.tell(payload{});
            ::pthread_setspecific(very_late_sender::key(), new very_late_sender{a});
        }).join();
        if (ended == 0) {
            CHECK(rt->drain(std::chrono::seconds(60)).complete);
            CHECK(rt->statistics().handled == 2);
        }
        rt.reset();
    }
    a = {};
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a runtime is a thread-local, and what it was sent comes back when the thread ends") {
    const std::size_t before = blocks_in_use();
    drover::ref<echo> a;
    std::thread([&a] {
        of_the_thread.emplace(one_thread());
        a = of_the_thread->spawn<echo>();
        a.tell(payload{});
        late.to = a;
    }).join();
    CHECK(a.tell(payload{}) == delivery::stopped);
    a = {};
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a runtime ends on another thread than it was made on, and that on which it was made is gone") {
    const std::size_t before = blocks_in_use();
    std::unique_ptr<drover::runtime> rt;
    drover::ref<echo> a;
    std::thread([&] {
        rt = std::make_unique<drover::runtime>(one_thread());
        a = rt->spawn<echo>();
        a.tell(payload{});
    }).join();
    std::thread([&] {
        a.tell(payload{});
        CHECK(a.ask(1).get() == 1);
        rt.reset();
        CHECK(a.tell(payload{}) == delivery::stopped);
    }).join();
    a = {};
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a detached thread outlives the runtime that it sends to") {
    const std::size_t before = blocks_in_use();
    const auto ended = std::make_shared<drover_test::door>();
    const auto sent = std::make_shared<drover_test::door>();
    const auto answer = std::make_shared<std::atomic<int>>(-1);
    {
        drover::runtime rt(one_thread());
        std::thread([a = rt.spawn<echo>(), ended, sent, answer] {
            a.tell(payload{});
            sent->open();
            ended->pass();
            *answer = static_cast<int>(a.tell(payload{}));
        }).detach();
        sent->pass();
    }
    ended->open();
    // Also the end of the thread itself: what its own cache holds counts as in use until then.
    wait_until([&] { return *answer >= 0 && blocks_in_use() == before; });
    CHECK(*answer == static_cast<int>(delivery::stopped));
}
