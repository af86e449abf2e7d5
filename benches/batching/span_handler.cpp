// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

// Keeps the actor, and with it its worker, until all messages wait behind it.
struct plug {
    std::promise<void>* reached;
    std::atomic<bool>* released;
};

struct result {
    std::chrono::nanoseconds elapsed;
    std::uint64_t sum;
};

struct reader {
    void operator()(plug p) {
        p.reached->set_value();
        p.released->wait(false);
        clock_ = stopwatch();
    }

protected:
    explicit reader(std::uint64_t wanted, std::promise<result>* finished) : expected_(wanted), finished_(finished) {}

    void seen(std::uint64_t sum, std::uint64_t count) {
        sum_ += sum;
        seen_ += count;
        if (seen_ == expected_) finished_->set_value({clock_.elapsed(), sum_});
    }

private:
    std::uint64_t expected_;
    std::promise<result>* finished_;
    stopwatch clock_;
    std::uint64_t sum_ = 0;
    std::uint64_t seen_ = 0;
};

struct one_by_one : reader {
    one_by_one(std::uint64_t wanted, std::promise<result>* finished) : reader(wanted, finished) {}
    using reader::operator();
    void operator()(std::uint64_t number) { seen(number, 1); }
};

struct in_spans : reader {
    using batches = drover::of<std::uint64_t>;
    using batching = drover::up_to<128>;
    in_spans(std::uint64_t wanted, std::promise<result>* finished) : reader(wanted, finished) {}
    using reader::operator();
    void operator()(std::span<std::uint64_t> numbers) {
        std::uint64_t sum = 0;
        for (std::uint64_t const each : numbers) sum += each;
        seen(sum, numbers.size());
    }
};

/// An actor finds `messages` numbers in its mailbox when it returns from a handler. Time: from that return until the
/// last was handled, taken in the actor. Figure: ns per message.
template <class Actor>
outcome handle_what_waits(std::uint64_t messages, std::size_t) {
    drover::runtime rt({.threads = 1, .affinity = receivers_place()});
    std::promise<void> reached;
    std::promise<result> finished;
    std::atomic<bool> released{false};
    auto const actor = rt.spawn<Actor>(messages, &finished);
    actor.tell(plug{&reached, &released});
    auto got = finished.get_future();
    if (reached.get_future().wait_for(answer_deadline) != std::future_status::ready)
        return {{}, messages, 0, "the actor was not started within 120 seconds."};
    for (std::uint64_t i = 0; i < messages; ++i) actor.tell(i);
    released.store(true, std::memory_order_release);
    released.notify_one();
    if (got.wait_for(answer_deadline) != std::future_status::ready)
        return {{}, messages, 0, "no answer arrived within 120 seconds: a message or a wake-up was lost."};
    result const all = got.get();
    return {all.elapsed, messages, 0, expect_equal("the sum", all.sum, messages * (messages - 1) / 2)};
}

constexpr std::array handlers{
    contender{"single", &handle_what_waits<one_by_one>},
    contender{"span", &handle_what_waits<in_spans>},
};

}  // namespace

// The first stays in the cache of the core that reads, the second does not.
BENCHMARK_CAPTURE(measure_side_by_side, handlers, handlers)
    ->Name("span_handler")
    ->Apply(rounds<4'096, 1>)
    ->Apply(rounds<65'536, 1>);

}  // namespace benches
