// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "ask_coroutine.hpp"

namespace benches {
namespace {

/// The main thread asks one actor `messages` times and blocks for each answer before it asks again. The floor is two
/// wake-ups of a sleeping thread, which the kernel does: the worker's for the question and the main thread's for the
/// reply.
outcome ask_and_get(std::uint64_t messages, std::size_t threads) {
    drover::runtime rt({.threads = threads});
    auto const target = rt.spawn<doubler>();

    stopwatch const clock;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < messages; ++i) sum += target.ask(question{i}).get();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the sum of the answers", sum, messages * (messages - 1))};
}

struct asker {
    struct go {
        std::uint64_t left;
    };

    void operator()(go g, drover::context& self) {
        if (g.left == 0) {
            finished_->set_value(sum_);
            return;
        }
        target_.ask(question{g.left}).then(self, [this, left = g.left](auto const& answer) {
            if (answer) sum_ += answer.value();
            me_.tell(go{left - 1});
        });
    }
    void started(drover::context& self) { me_ = self.self<asker>(); }

    drover::ref<doubler> target_;
    std::promise<std::uint64_t>* finished_;
    drover::ref<asker> me_{};
    std::uint64_t sum_ = 0;
};

/// One actor asks another `messages` times, one question at a time, without blocking: the continuation of each answer
/// sends the asker the message that makes it ask again. So a round trip is a question, a reply in the system lane, and
/// a message.
outcome ask_then(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const first = rt.spawn<asker>(rt.spawn<doubler>(), &finished);

    stopwatch const clock;
    first.tell(asker::go{messages});
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the sum of the answers", sum, messages * (messages + 1))};
}

}  // namespace

BENCHMARK_CAPTURE(measure, ask_and_get, &ask_and_get)->Name("ask_and_get")->Apply(savina<50'000>);
BENCHMARK_CAPTURE(measure, ask_then, &ask_then)->Name("ask_then")->Apply(savina<500'000>);
BENCHMARK_CAPTURE(measure, ask_coroutine, &ask_coroutine)->Name("ask_coroutine")->Apply(savina<500'000>);

}  // namespace benches
