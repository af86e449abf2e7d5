#include <drover/pool/forward.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/failing_new.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover::ref;
using drover::spawn_pool;
using drover_test::plug;
using drover_test::plugged;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using by_turns = drover::round_robin;
using capped = drover::bounded_load<drover::maglev>;

struct job {
    int account = 0;
};
int routing_key(const job& message) {
    return message.account;
}

struct book {
    std::atomic<int> built{0};
    std::array<std::atomic<int>, 8> handled{};

    int sum() const { return handled[0] + handled[1] + handled[2] + handled[3]; }
};

template <class Mailbox>
struct worker_in {
    using mailbox = Mailbox;

    explicit worker_in(std::shared_ptr<book> b) : all(std::move(b)), index(static_cast<std::size_t>(all->built++)) {}
    void operator()(const job&) { all->handled[index] += 1; }
    void operator()(const plug& held) { held.hold(); }

    std::shared_ptr<book> all;
    std::size_t index;
};
using worker = worker_in<drover::unbounded_mailbox>;
using strict = worker_in<drover::bounded_mailbox<2, drover::reject_newest>>;
using forgetful = worker_in<drover::bounded_mailbox<2, drover::drop_oldest>>;

// Runs a piece of the test's own code in a worker's turn.
struct act {
    std::function<void()> what;
};
struct sender {
    void operator()(const act& wanted) { wanted.what(); }
};

// Jobs that are sent in a row to a pool whose members do nothing meanwhile, in virtual time.
template <class Policy>
std::size_t allocated_by(drover::simulated_runtime& rt, const drover::pool<worker, Policy>& pool) {
    constexpr int in_a_row = 20;
    std::size_t sum = 0;
    for (int round = 0; round != 60; ++round) {
        const std::size_t before = drover_test::allocations();
        for (int each = 0; each != in_a_row; ++each) {
            pool.tell(job{each % 7});
        }
        const std::size_t after = drover_test::allocations();
        rt.run_until_idle();
        sum += round < 10 ? 0 : after - before;
    }
    return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("forward: what full members refuse by a ref is given back to their loads", "", capped,
                   drover::sticky<drover::least_loaded>) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<strict, TestType>(w.rt, {.members = 1}, all);
    const ref<strict> as_ref = pool;
    {
        const plugged busy(pool.members()[0].actor);
        const std::size_t at_first = pool.members()[0].load;
        CHECK(is_accepted(as_ref.tell(job{})));
        CHECK(is_accepted(as_ref.tell(job{})));
        CHECK(pool.members()[0].load == at_first + 2);
        for (int each = 0; each != 10; ++each) {
            CHECK(as_ref.tell(job{}) == delivery::rejected_full);
            job message;
            CHECK(as_ref.try_tell(message) == delivery::rejected_full);
        }
        CHECK(as_ref.tell_batch(std::vector<job>(3)) == delivery::rejected_full);
        CHECK(pool.members()[0].load == at_first + 2);
    }
    w.settle();
    CHECK(all->sum() == 2);
    CHECK(w.heard.dead(reason::rejected) == 23);
    drover_test::wait_until([&] { return pool.members()[0].load == 0; });
    CHECK(w.finish());
}

TEST_CASE("forward: what a newer message drives out by a ref is given back to the load") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<forgetful, capped>(w.rt, {.members = 1}, all);
    const ref<forgetful> as_ref = pool;
    {
        const plugged busy(pool.members()[0].actor);
        const std::size_t at_first = pool.members()[0].load;
        for (int each = 0; each != 10; ++each) {
            CHECK(is_accepted(as_ref.tell(job{})));
        }
        CHECK(pool.members()[0].load == at_first + 2);
    }
    w.settle();
    CHECK(w.heard.dead(reason::dropped) == 8);
    drover_test::wait_until([&] { return pool.members()[0].load == 0; });
    CHECK(w.finish());
}

TEST_CASE("forward: a name that is redirected to a pool's name is picked for, told and in batches") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
    auto& names = w.rt.registry();
    names.add("desk", pool);
    names.redirect("counter", "desk");
    drover::router<drover::no_cache> by(names);
    for (int each = 0; each != 10; ++each) {
        CHECK(by.tell<worker>("counter", job{}) == delivery::accepted);
    }
    CHECK(by.tell_batch<worker>(std::vector<job>(10), [](const job&) { return "counter"; }).accepted == 10);
    w.settle();
    CHECK(all->handled[0] == 10);
    CHECK(all->handled[1] == 10);
    CHECK(names.unredirect("counter"));
    CHECK(by.tell<worker>("counter", job{}) == delivery::no_target);
    CHECK(w.finish());
}

TEST_CASE("forward: copies by a tee go to a pool, and of what a pool is told by its name") {
    world w;
    const auto all = std::make_shared<book>();
    const auto copied = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
    const auto copies = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, copied);
    auto& names = w.rt.registry();
    names.add("desk", pool);
    names.tee<job>("desk", drover::recipient<job>(copies));
    drover::router<drover::no_cache> by(names);
    for (int each = 0; each != 10; ++each) {
        CHECK(by.tell<worker>("desk", job{}) == delivery::accepted);
    }
    w.settle();
    CHECK(all->handled[0] == 5);
    CHECK(all->handled[1] == 5);
    CHECK(copied->handled[0] == 5);
    CHECK(copied->handled[1] == 5);
    CHECK(w.heard.count() == 0);
    CHECK(w.finish());
}

TEST_CASE("forward: pools and members provide a service beside each other") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
    const auto member = pool.members()[0].actor;
    auto& names = w.rt.registry();
    names.provide("service", pool);
    names.provide("service", member);
    CHECK(names.providers<worker>("service").size() == 2);
    drover::router<drover::no_cache> by(names);
    for (int each = 0; each != 20; ++each) {
        CHECK(by.tell<worker>("service", job{}) == delivery::accepted);
    }
    w.settle();
    // Ten by the pool, five to each, and ten past it.
    CHECK(all->handled[0] == 15);
    CHECK(all->handled[1] == 5);
    CHECK(pool.remove(member).get());
    drover_test::await_closed(member);
    drover_test::wait_until([&] { return names.providers<worker>("service").size() == 1; });
    CHECK(by.tell<worker>("service", job{}) == delivery::accepted);
    w.settle();
    CHECK(all->handled[1] == 6);
    CHECK(w.finish());
}

TEMPLATE_TEST_CASE("pool: no send allocates once the thread has sent before, whatever it keeps", "",
                   drover::weighted_round_robin, capped, drover::sticky<drover::join_idle_queue<>>,
                   drover::shared_queue) {
    const auto all = std::make_shared<book>();
    drover::simulated_runtime rt(7);
    const auto pool = spawn_pool<worker, TestType>(rt, {.members = 4}, all);
    CHECK(allocated_by(rt, pool) == 0);
    const auto inside = rt.spawn<sender>();
    std::size_t by_worker = 0;
    for (int round = 0; round != 60; ++round) {
        inside.tell(act{[&pool, &by_worker, round] {
            const std::size_t before = drover_test::allocations();
            for (int each = 0; each != 20; ++each) {
                pool.tell(job{each % 7});
            }
            by_worker += round < 10 ? 0 : drover_test::allocations() - before;
        }});
        rt.run_until_idle();
    }
    CHECK(by_worker == 0);
    CHECK(all->sum() == 2 * 60 * 20);
}
