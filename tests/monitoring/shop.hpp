#pragma once

#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

/// A small service that has some of all that is measured: a pool with a member that fails, full mailboxes, names, asks
/// that time out, restarts, batches, actors that come and go, and dead letters of the common kinds. It counts what it
/// does by itself.
namespace shop {

using namespace std::chrono_literals;

struct bundle : drover::features {
    using metrics = drover::latency_metrics<1>;
};

struct order {};
struct bad_order {};
struct question {};
struct count {};

struct clerk {
    void operator()(order) { taken_ += 1; }
    int operator()(count) const { return taken_; }
    int taken_ = 0;
};

struct ledger {
    using batches = drover::of<order>;
    void operator()(std::span<order> some) { entries_ += static_cast<int>(some.size()); }
    int operator()(count) const { return entries_; }
    int entries_ = 0;
};

struct printer {  // there is a pool of them, which is watched
    void operator()(order) {}
    void operator()(bad_order) { throw std::runtime_error("no paper"); }
};

struct moody {
    static constexpr drover::supervision supervision{.limit = {.count = 1000, .within = 1s}};
    void operator()(bad_order) { throw std::runtime_error("not today"); }
    int operator()(count) const { return 0; }
};

/// Whether those who stand at a door may pass, and how many do.
struct gate {
    std::atomic<int> inside{0};
    std::atomic<bool> open{false};
};

struct keeper {
    void operator()(order) {
        way_.inside.fetch_add(1);
        way_.inside.notify_all();
        way_.open.wait(false);
    }
    gate& way_;
};
struct strict_keeper : keeper {
    using mailbox = drover::bounded_mailbox<4>;
    explicit strict_keeper(gate& way) : keeper{way} {}
};
struct lax_keeper : keeper {
    using mailbox = drover::bounded_mailbox<4, drover::drop_oldest>;
    explicit lax_keeper(gate& way) : keeper{way} {}
};

struct oracle {  // keeps whoever asks waiting
    drover::later<int> operator()(question, drover::basic_context<bundle>& me) {
        promises_.push_back(me.later<int>());
        return {};
    }
    std::vector<drover::basic_promise<int, bundle>> promises_;
};

struct visitor {
    void operator()(order) { seen_.fetch_add(1); }
    std::atomic<std::uint64_t>& seen_;
};

/// What has been done, as the service itself knows it.
struct account {
    std::uint64_t rounds = 0;
    std::uint64_t orders = 0;  ///< to the clerk
    std::uint64_t booked = 0;  ///< to the ledger
    std::uint64_t printed = 0;
    std::uint64_t asked = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t failures = 0;
    std::uint64_t admitted = 0;  ///< by the keepers
    std::uint64_t rejected = 0;
    std::uint64_t dropped = 0;
    std::uint64_t no_target = 0;
    std::uint64_t stopped = 0;
    std::uint64_t visitors = 0;
    std::uint64_t timers = 0;
    std::uint64_t handled = 0;  ///< messages of all kinds whose handler returned
};

class service {
public:
    service()
        : rt_({.threads = 2,
               .on_dead_letter = [](const drover::dead_letter&) {},
               .on_failure = [](const drover::failure&) {}}),
          clerk_(rt_.spawn<clerk>()),
          second_clerk_(rt_.spawn<clerk>()),
          ledger_(rt_.spawn<ledger>()),
          moody_(rt_.spawn<moody>()),
          oracle_(rt_.spawn<oracle>()),
          strict_(rt_.spawn<strict_keeper>(std::ref(strict_gate_))),
          lax_(rt_.spawn<lax_keeper>(std::ref(lax_gate_))),
          printers_(drover::spawn_pool<printer, drover::weighted_round_robin, drover::usual_health>(
              rt_, {.members = 4, .name = "printers"})) {}

    drover::basic_runtime<bundle>& runtime() noexcept { return rt_; }

    /// A round of everything. When it returns, all of it has been handled.
    account work() {
        for (int each = 0; each != 500; ++each) {
            clerk_.tell(order{});
            printers_.tell(order{});
        }
        done_.orders += 500;
        done_.printed += 500;
        ask(clerk_);
        ledger_.tell_batch(std::vector<order>(64));
        done_.booked += 64;
        ask(ledger_);
        fail();
        flood(strict_, strict_gate_);
        flood(lax_, lax_gate_);
        done_.admitted += 10;
        done_.rejected += 6;
        done_.dropped += 6;
        send_by_name();
        come_and_go();
        static_cast<void>(oracle_.ask(question{}, 5ms).result());
        done_.asked += 1;
        done_.timed_out += 1;
        until([&] { return rt_.statistics().pending == 0; });
        done_.handled = done_.orders + done_.booked + done_.printed + done_.asked + done_.admitted + done_.visitors;
        done_.rounds += 1;
        return done_;
    }

private:
    template <class A>
    using ref = drover::ref<A, bundle>;

    template <class Actor>
    void ask(const Actor& whom) {
        static_cast<void>(whom.ask(count{}).get());
        done_.asked += 1;
    }

    void fail() {
        const auto worst = printers_.members().front().actor;
        for (int each = 0; each != 5; ++each) {  // as many in a row as outlier_detection waits for
            worst.tell(bad_order{});
            moody_.tell(bad_order{});
        }
        done_.failures += 10;
        ask(moody_);
    }

    // One message holds the keeper up, four have room, six have not.
    template <class Actor>
    void flood(const Actor& whom, gate& way) {
        way.inside.store(0);
        way.open.store(false);
        whom.tell(order{});
        way.inside.wait(0);
        for (int each = 0; each != 10; ++each) {
            whom.tell(order{});
        }
        way.open.store(true);
        way.open.notify_all();
        until([&] { return way.inside.load() == 5; });
    }

    void send_by_name() {
        rt_.registry().replace("desk", done_.rounds % 2 == 0 ? clerk_ : second_clerk_);
        for (int each = 0; each != 100; ++each) {
            by_name_.tell<clerk>("desk", order{});
        }
        by_name_.tell<clerk>("nobody", order{});
        done_.orders += 100;
        done_.no_target += 1;
    }

    void come_and_go() {
        const ref<visitor> one = rt_.spawn<visitor>(std::ref(seen_));
        one.tell_after(1ms, order{});
        done_.visitors += 1;
        done_.timers += 1;
        until([&] { return seen_.load() == done_.timers; });
        one.stop();
        until([&] { return one.stopped(); });
        one.tell(order{});
        done_.stopped += 1;
    }

    template <class Condition>
    static void until(Condition met) {
        while (!met()) {
            std::this_thread::sleep_for(1ms);
        }
    }

    // Actors look at these for as long as they live.
    std::atomic<std::uint64_t> seen_{0};
    gate strict_gate_;
    gate lax_gate_;
    drover::basic_runtime<bundle> rt_;
    ref<clerk> clerk_;
    ref<clerk> second_clerk_;
    ref<ledger> ledger_;
    ref<moody> moody_;
    ref<oracle> oracle_;
    ref<strict_keeper> strict_;
    ref<lax_keeper> lax_;
    drover::pool<printer, drover::weighted_round_robin, drover::usual_health, bundle> printers_;
    drover::basic_router<drover::set_associative_cache<64, 4>, bundle> by_name_{rt_.registry()};
    account done_;
};

}  // namespace shop
