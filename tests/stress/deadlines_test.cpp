// Deadlines that pass while many threads and actors send: each message is handled once or has expired, and each ask
// ends once.
#include <drover/drover.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/scale.hpp"
#include "support/turning.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::dead_letter_reason;
using drover_test::exact;
using drover_test::scaled;
using drover_test::turning;

namespace {

struct timed : drover::features {
    using deadlines = drover::message_deadlines;
};
using app = drover::with<timed>;
using world = drover_test::basic_world<timed>;

// How its deadline stands: it never has one, it has one that never comes, one that had come before it was sent, or one
// that comes at some time.
enum class kind : std::uint8_t { none, far, over, near };
constexpr std::size_t kinds = 4;
constexpr drover::clock_duration ahead(kind which, std::size_t number) {
    switch (which) {
        case kind::far: return 1'000'000h;
        case kind::over: return 0ms;
        default: return std::chrono::milliseconds(1 + number % 8);
    }
}

struct job {
    kind which;
    std::size_t number;
};
struct urgent {
    static constexpr bool never_expires = true;
    std::size_t number;
};

// How often each message came.
struct tally {
    explicit tally(std::size_t messages) : came(messages) {}
    std::deque<std::atomic<std::uint8_t>> came;
    void note(std::size_t number) { came[number].fetch_add(1); }
    std::uint64_t sum() const {
        std::uint64_t all = 0;
        for (const auto& each : came) {
            all += each.load();
        }
        return all;
    }
    // Those of one sort, of which `all` came, none did, or each once or not at all.
    bool agrees() const {
        for (std::size_t number = 0; number != came.size(); ++number) {
            const auto which = static_cast<kind>(number % kinds);
            const unsigned times = came[number].load();
            if (which == kind::near ? times > 1 : times != (which == kind::over ? 0U : 1U)) {
                return false;
            }
        }
        return true;
    }
};

struct counter {
    tally* all;
    void operator()(const job& j) { all->note(j.number); }
    void operator()(const urgent& u) { all->note(u.number); }
};
struct batching_counter {
    using batches = drover::of<job>;
    tally* all;
    void operator()(std::span<job> some) {
        for (const job& each : some) {
            all->note(each.number);
        }
    }
    void operator()(const urgent& u) { all->note(u.number); }
};

// Gives on what it gets, with the deadline that it came with.
template <class To>
struct forwarder {
    To to;
    void operator()(const job& j) { to.tell(j); }
    void operator()(const urgent& u) { to.tell(u); }
};

template <class Target>
void send_each(Target& to, std::size_t number, app::runtime& rt) {
    const auto which = static_cast<kind>(number % kinds);
    if (which == kind::none) {
        if (number % 8 == 0) {
            const drover::deadline_scope scope = rt.within(1ms);
            to.tell(urgent{number});
        } else {
            to.tell(job{which, number});
        }
    } else {
        const drover::deadline_scope scope = rt.within(ahead(which, number));
        to.tell(job{which, number});
    }
}

constexpr std::size_t senders = 3;
constexpr std::size_t unanswered = ~std::size_t{0};  // what a coroutine says whose own ask ended late

// Sends from several threads, waits, and looks whether the accounts agree.
template <class Target>
void send_all(world& w, Target& to, tally& all, std::size_t stages) {
    {
        const turning time(w.clock);
        std::vector<std::thread> threads;
        for (std::size_t mine = 0; mine != senders; ++mine) {
            threads.emplace_back([&, mine] {
                for (std::size_t number = mine; number < all.came.size(); number += senders) {
                    send_each(to, number, w.rt);
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        w.settle();
    }
    const auto sums = w.rt.statistics();
    CHECK(all.agrees());
    CHECK(exact(sums));
    CHECK(sums.pending == 0);
    CHECK(sums.dead() == sums.dead(dead_letter_reason::expired));
    CHECK(all.sum() + sums.dead() == all.came.size());
    CHECK(sums.handled + sums.dead() == sums.offered);
    CHECK(sums.offered <= stages * all.came.size());
    CHECK(w.heard.dead(dead_letter_reason::expired) == sums.dead());
}

}  // namespace

TEST_CASE("what is told with a deadline is handled once or has expired") {
    world w(2);
    tally all(scaled(40'000));
    auto to = w.rt.spawn<counter>(&all);
    send_all(w, to, all, 1);
    CHECK(w.finish());
}

TEST_CASE("so is what is given on, under the deadline it came with") {
    world w(2);
    tally all(scaled(40'000));
    const auto last = w.rt.spawn<counter>(&all);
    using first_stage = forwarder<app::ref<counter>>;
    const auto middle = w.rt.spawn<first_stage>(last);
    auto first = w.rt.spawn<forwarder<app::ref<first_stage>>>(middle);
    send_all(w, first, all, 3);
    CHECK(w.finish());
}

TEST_CASE("so is each of a batch") {
    world w(2);
    tally all(scaled(40'000));
    auto to = w.rt.spawn<batching_counter>(&all);
    send_all(w, to, all, 1);
    CHECK(w.finish());
}

TEMPLATE_TEST_CASE("so is what a pool is told, whose members end with no load", "", counter, batching_counter) {
    world w(2);
    tally all(scaled(40'000));
    auto to = drover::spawn_pool<TestType, drover::least_loaded>(w.rt, {.members = 3}, &all);
    send_all(w, to, all, 1);
    for (const auto& each : to.members()) {
        CHECK(each.load == 0);
    }
    CHECK(w.finish());
}

TEST_CASE("each ask with a deadline ends once, answered or timed out") {
    struct answering {
        std::atomic<std::uint64_t>* asked;
        std::size_t operator()(std::size_t number) {
            asked->fetch_add(1);
            return number;
        }
    };
    struct asking {
        app::ref<answering> next;
        drover::task<std::size_t> operator()(std::size_t number, app::context& me) {
            const drover::deadline_scope less = me.within(5ms);
            co_return (co_await next.ask(number).as_result()).value_or(unanswered);
        }
    };
    world w(2);
    std::atomic<std::uint64_t> came{0};
    std::atomic<std::uint64_t> asked{0};
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> late{0};
    std::atomic<bool> fine{true};
    const std::size_t rounds = scaled(6'000);
    const auto last = w.rt.spawn<answering>(&came);
    const auto middle = w.rt.spawn<asking>(last);
    {
        const turning time(w.clock);
        std::vector<std::thread> askers;
        for (std::size_t mine = 0; mine != senders; ++mine) {
            askers.emplace_back([&] {
                for (std::size_t number = 0; number != rounds; ++number) {
                    const auto which = static_cast<kind>(number % kinds);
                    const auto check = [&](const drover::expected<std::size_t, ask_error>& outcome) {
                        if (outcome && outcome.value() != unanswered) {
                            answered += 1;
                            fine = fine && outcome.value() == number && which != kind::over;
                        } else {
                            late += 1;
                            fine = fine && (outcome || outcome.error().code == ask_error::timeout);
                        }
                    };
                    asked += which == kind::none ? 1 : 2;
                    if (which == kind::none) {
                        check(last.ask(number).result());
                        continue;
                    }
                    const drover::deadline_scope scope = w.rt.within(ahead(which, number));
                    check(last.ask(number, 3ms).result());
                    check(middle.ask(number).result());
                }
            });
        }
        for (std::thread& each : askers) {
            each.join();
        }
        w.settle();
    }
    const auto sums = w.rt.statistics();
    CHECK(fine);
    CHECK(answered + late == asked);
    CHECK(exact(sums));
    CHECK(sums.pending == 0);
    CHECK(sums.dead() == sums.dead(dead_letter_reason::expired));
    CHECK(came <= sums.handled);
    CHECK(w.finish());
}
