#include <drover/testing/probe.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing/explore.hpp>
#include <drover/testing/simulated_runtime.hpp>

using namespace std::chrono_literals;
using drover::expectation_failed;
using drover::probe;
using drover::simulated_runtime;

namespace {

struct ping {
    int n;
};
struct pong {
    int n;
};
struct lone {  // moved, never copied
    std::unique_ptr<int> value;
};

struct echo {
    void operator()(ping p, drover::context& me) {
        if (p.n == 0) {
            back.tell(pong{0});
        } else {
            me.self<echo>().tell_after(std::chrono::seconds(p.n), ping{0});
        }
    }
    drover::recipient<pong> back;
};

}  // namespace

TEST_CASE("probe: in a simulation what is expected comes in virtual time") {
    simulated_runtime rt(1);
    probe<pong, int> test(rt);
    const auto a = rt.spawn<echo>(drover::recipient<pong>(test));
    a.tell(ping{0});
    CHECK(test.expect<pong>(1s).n == 0);
    CHECK(rt.now().time_since_epoch() == 0s);
    a.tell(ping{5});
    test.expect_nothing(4s);
    CHECK(rt.now().time_since_epoch() == 4s);
    CHECK(test.expect<pong>(1h).n == 0);
    CHECK(rt.now().time_since_epoch() == 5s);
    CHECK(test.received() == 2);
}

TEST_CASE("probe: what was not expected is a sentence") {
    simulated_runtime rt(1);
    probe<pong, int> test(rt, "tester");
    CHECK_THROWS_WITH(test.expect<pong>(1500ms),
                      Catch::Matchers::StartsWith("drover: tester expected ") &&
                          Catch::Matchers::EndsWith("pong within 1500 ms, and nothing came"));
    CHECK(rt.now().time_since_epoch() == 1500ms);
    test.ref().tell(3);
    CHECK_THROWS_WITH(test.expect<pong>(1s), Catch::Matchers::EndsWith("pong, and int came"));
    test.ref().tell(4);
    CHECK_THROWS_WITH(test.expect_nothing(1s), "drover: tester expected nothing for 1000 ms, and int came");
    CHECK_THROWS_AS(test.expect_any(1s), expectation_failed);
    test.ref().tell(5);
    CHECK(std::get<int>(test.expect_any(1s)) == 5);
    test.expect_nothing(1s);
}

TEST_CASE("probe: messages come in order, and may be move-only") {
    simulated_runtime rt(1);
    probe<lone> test(rt);
    for (int each = 0; each != 3; ++each) {
        test.ref().tell(lone{std::make_unique<int>(each)});
    }
    for (int each = 0; each != 3; ++each) {
        CHECK(*test.expect<lone>(1s).value == each);
    }
}

TEST_CASE("probe: on a runtime with threads the test waits for them") {
    drover::runtime rt({.threads = 2});
    probe<pong> test(rt);
    const auto a = rt.spawn<echo>(drover::recipient<pong>(test));
    for (int each = 0; each != 100; ++each) {
        a.tell(ping{0});
        CHECK(test.expect<pong>(1h).n == 0);
    }
    test.expect_nothing(0s);
}

TEST_CASE("probe: on a clock that the test turns its time is over when that says so") {
    drover::manual_clock clock;
    drover::runtime_options chosen;
    chosen.threads = 1;
    chosen.clock = &clock;
    drover::runtime rt(chosen);
    probe<pong> test(rt);
    std::atomic<bool> done{false};
    std::thread turner([&] {
        while (!done.load()) {
            clock.advance(1s);
            std::this_thread::yield();
        }
    });
    test.expect_nothing(10s);
    done.store(true);
    turner.join();
    CHECK(rt.now().time_since_epoch() >= 10s);
}

namespace {

struct counted : drover::features {
    struct metrics : drover::no_metrics {
        static inline std::size_t handled = 0;
        static void on_handled(auto&, drover::hook_subject, std::size_t n) noexcept { handled += n; }
    };
};
using app = drover::with<counted>;

}  // namespace

TEST_CASE("probe: simulations and probes have a feature bundle as all runtimes do") {
    counted::metrics::handled = 0;
    CHECK(drover::explore<counted>(3, [](app::simulated_runtime& rt) {
              app::probe<int> test(rt);
              const auto a = rt.spawn([to = test.ref()](int n) { to.tell(n + 1); });
              a.tell(1);
              CHECK(test.expect<int>(1s) == 2);
          }) == 3);
    CHECK(counted::metrics::handled == 6);
}

TEST_CASE("probe: a watch tells it of an end") {
    simulated_runtime rt(1);
    probe<drover::stopped_event> test(rt);
    const auto a = rt.spawn([](int) { throw std::runtime_error("broke"); });
    rt.spawn([a, to = test.ref()](char, drover::context& me) {
          me.watch(a, [to](drover::stopped_event event) { to.tell(std::move(event)); });
      }).tell('w');
    a.tell(1);
    CHECK(test.expect<drover::stopped_event>(1s).reason.kind() == drover::stop_kind::failed);
}

TEST_CASE("probe: its actor ends with it, and a handler may not wait for it") {
    simulated_runtime rt(1);
    drover::ref<drover::probe_actor<int>> kept;
    bool refused = false;
    {
        probe<int> test(rt);
        kept = test.ref();
        rt.spawn([&](char) {
              try {
                  test.expect_nothing(1s);
              } catch (const std::logic_error&) {
                  refused = true;
              }
          }).tell('x');
        rt.run_until_idle();
    }
    rt.run_until_idle();
    CHECK(refused);
    CHECK(kept.stopped());
}
