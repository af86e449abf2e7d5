// A supervised actor whose spawn names its mailbox.
#include <drover/supervision/supervised.hpp>
#include <drover/testing.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::delivery;
using drover::supervised_in;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct counter {
    int sum = 0;
    int operator()(int n) {
        if (n < 0) {
            throw std::runtime_error("negative");
        }
        return sum += n;
    }
};

struct owner {
    std::unique_ptr<int> number;
    int operator()(int n) const {
        if (n < 0) {
            throw std::runtime_error("negative");
        }
        return *number + n;
    }
};

}  // namespace

TEST_CASE("a supervised actor has the mailbox that its spawn names, and keeps it and what waits over a restart") {
    drover::simulated_runtime rt(1);
    const auto a = rt.spawn<counter>(
        supervised_in<drover::bounded_mailbox<3>>{.plan = {.backoff = {.first = std::chrono::seconds(1), .jitter = 0}},
                                                  .options = {.name = "small"}},
        10);
    CHECK(a.name() == "small");
    CHECK(a.tell(-1) == delivery::accepted);
    rt.run_until_idle();
    // Between two states: what comes waits in the same mailbox, which has three places.
    CHECK(a.tell(1) == delivery::accepted);
    CHECK(a.tell(2) == delivery::accepted);
    CHECK(is_accepted(a.tell(3)));
    CHECK(a.tell(4) == delivery::rejected_full);
    rt.advance(std::chrono::seconds(1));
    CHECK(a.ask(0).get() == 16);
    CHECK(rt.statistics().dead(reason::rejected) == 1);
    CHECK(rt.statistics().dead(reason::failed) == 1);
}

TEST_CASE("capacity may be given at the spawn of a supervised actor, and a wrong one is refused") {
    world w;
    using sized = supervised_in<drover::bounded_mailbox<drover::given_at_spawn>>;
    const auto a = w.rt.spawn<counter>(sized{.options = {.capacity = 2}}, 0);
    CHECK(a.ask(5).get() == 5);
    a.tell(-1);
    CHECK(a.ask(6).get() == 6);
    CHECK_THROWS_AS(w.rt.spawn<counter>(sized{}, 0), std::invalid_argument);
}

TEST_CASE("a callable, a factory and a child have the mailbox of their spawn, too") {
    world w;
    using small = supervised_in<drover::bounded_mailbox<1>>;
    const auto called = w.rt.spawn(small{}, [n = 0](int by) mutable {
        if (by < 0) {
            throw std::runtime_error("negative");
        }
        return n += by;
    });
    CHECK(called.ask(2).get() == 2);
    called.tell(-1);
    w.settle();
    CHECK(called.ask(3).get() == 3);
    CHECK(called.cell()->box != nullptr);

    const auto built = w.rt.spawn<owner>(small{}.built_by([] { return owner{std::make_unique<int>(7)}; }));
    CHECK(built.ask(1).get() == 8);
    built.tell(-1);
    w.settle();
    CHECK(built.ask(2).get() == 9);
    CHECK(built.cell()->box != nullptr);

    const auto parent = w.rt.spawn([](int n, drover::context& me) {
        const auto child =
            me.spawn<counter>(supervised_in<drover::priority_mailbox<2>>{.options = {.name = "child"}}, n);
        return child.cell()->box != nullptr;
    });
    CHECK(parent.ask(1).get());
    CHECK(w.finish());
}
