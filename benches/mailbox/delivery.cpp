// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

constexpr std::size_t room = 4'096;

// What the threads of one run tell each other, a line for the actor and one for the others.
struct progress {
    alignas(64) std::atomic<std::uint64_t> handled{0};
    std::atomic<std::uint64_t> sum{0};  // complete once handled is
    alignas(64) std::atomic<std::uint64_t> dead{0};
    std::atomic<std::uint64_t> failures{0};
};

template <class Mailbox>
struct sink {
    using mailbox = Mailbox;

    static std::size_t priority(std::uint64_t number) { return number % 4; }

    void operator()(std::uint64_t number) {
        sum_ += number;
        handled_ += 1;
        seen_->sum.store(sum_, std::memory_order_relaxed);
        seen_->handled.store(handled_, std::memory_order_release);
    }

    progress* seen_;
    std::uint64_t handled_ = 0;
    std::uint64_t sum_ = 0;
};

// How often one thread has called tell(), counted before the call.
struct alignas(64) told_count {
    std::atomic<std::uint64_t> tells{0};
};

std::uint64_t tells_of(std::vector<told_count> const& all) {
    std::uint64_t sum = 0;
    for (auto const& one : all) sum += one.tells.load(std::memory_order_acquire);
    return sum;
}

// A sender that is told to slow down does so, until no more than five eighths of the room can be taken: without that
// the figure of a bounded mailbox would be the cost of refusals and dead letters.
void slow_down(progress const& seen, std::vector<told_count> const& told) {
    short_wait wait;
    stopwatch const clock;
    for (;;) {
        // What has left is read first, so that the difference is not too small.
        auto const left = seen.handled.load(std::memory_order_acquire) + seen.dead.load(std::memory_order_acquire);
        if (tells_of(told) - left <= room / 8 * 5 || seen.failures.load() != 0 || clock.elapsed() > answer_deadline)
            return;
        wait();
    }
}

/// `producers` threads on one core send `messages` numbers through tell() to one actor on another. What is refused is
/// sent again. Time: from the moment all are ready until every number that was sent has been handled or is a dead
/// letter. Figure: ns per number.
template <class Mailbox>
outcome deliver(std::uint64_t messages, std::size_t producers) {
    std::uint64_t const each = messages / producers;
    std::uint64_t const all = each * producers;
    progress seen;
    std::vector<told_count> told(producers);
    std::atomic<std::size_t> ready{0};
    std::atomic<bool> go{false};
    std::chrono::nanoseconds elapsed{};
    {
        drover::runtime rt(
            {.threads = 1,
             .affinity = receivers_place(),
             .on_dead_letter = [&](drover::dead_letter const&) { seen.dead.fetch_add(1, std::memory_order_release); },
             .on_failure = [&](drover::failure const&) { seen.failures.fetch_add(1, std::memory_order_release); }});
        auto const target = rt.spawn<sink<Mailbox>>(&seen);
        std::vector<std::jthread> senders;
        for (std::size_t who = 0; who < producers; ++who)
            senders.emplace_back([&, who] {
                stay_on(senders_place());
                ready.fetch_add(1, std::memory_order_release);
                for (short_wait wait; !go.load(std::memory_order_acquire);)
                    wait();  // pairs with the main thread's store
                std::uint64_t mine = 0;
                for (std::uint64_t i = who * each; i != (who + 1) * each;) {
                    mine += 1;
                    told[who].tells.store(mine, std::memory_order_release);
                    switch (target.tell(i)) {
                        case drover::delivery::accepted: i += 1; break;
                        case drover::delivery::accepted_above_high_water:
                            i += 1;
                            if (i != (who + 1) * each) slow_down(seen, told);
                            break;
                        case drover::delivery::stopped: i = (who + 1) * each; break;
                        default: slow_down(seen, told);
                    }
                }
            });
        for (short_wait wait; ready.load(std::memory_order_acquire) != producers;) wait();  // pairs with fetch_add
        stopwatch const clock;
        go.store(true, std::memory_order_release);
        senders.clear();  // joins them
        std::uint64_t const sent = tells_of(told);
        short_wait wait;
        while (seen.handled.load(std::memory_order_acquire) + seen.dead.load(std::memory_order_acquire) != sent) {
            wait();
            if (clock.elapsed() > answer_deadline) throw std::runtime_error("messages are neither handled nor dead.");
        }
        elapsed = clock.elapsed();
    }
    std::string wrong = expect_equal("the number of failures", seen.failures.load(), 0);
    if (wrong.empty()) wrong = expect_equal("the number of messages told", seen.handled + seen.dead, tells_of(told));
    // With a dead letter the sum is of what was left.
    if (wrong.empty() && seen.dead == 0) wrong = expect_equal("the sum", seen.sum.load(), all * (all - 1) / 2);
    return {elapsed, all, 0, wrong};
}

constexpr std::array many_to_one{
    contender{"unbounded", &deliver<drover::unbounded_mailbox>},
    contender{"reject_newest", &deliver<drover::bounded_mailbox<room, drover::reject_newest>>},
    contender{"drop_newest", &deliver<drover::bounded_mailbox<room, drover::drop_newest>>},
    contender{"drop_oldest", &deliver<drover::bounded_mailbox<room, drover::drop_oldest>>},
    contender{"block_sender", &deliver<drover::bounded_mailbox<room, drover::block_sender<60'000>>>},
    contender{"fail_actor", &deliver<drover::bounded_mailbox<room, drover::fail_actor>>},
    contender{"priority", &deliver<drover::priority_mailbox<4>>},
};

constexpr std::array one_to_one{
    contender{"unbounded", &deliver<drover::unbounded_mailbox>},
    contender{"single_producer", &deliver<drover::single_producer_mailbox<room>>},
    contender{"reject_newest", &deliver<drover::bounded_mailbox<room, drover::reject_newest>>},
};

}  // namespace

BENCHMARK_CAPTURE(measure_side_by_side, many_to_one, many_to_one)
    ->Name("delivery/many_to_one")
    ->Apply(rounds<300'000, 1, 2, 4, 8>);
BENCHMARK_CAPTURE(measure_side_by_side, one_to_one, one_to_one)->Name("delivery/one_to_one")->Apply(rounds<300'000, 1>);

}  // namespace benches
