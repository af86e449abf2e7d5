// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {

struct question {
    std::uint64_t number;
};

struct doubler {
    std::uint64_t operator()(question q) const { return 2 * q.number; }
};

struct coroutine_asker {
    struct go {
        std::uint64_t count;
    };

    drover::task<> operator()(go g) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = g.count; i != 0; --i) sum += co_await target_.ask(question{i});
        finished_->set_value(sum);
    }

    drover::ref<doubler> target_;
    std::promise<std::uint64_t>* finished_;
};

/// One actor asks another `messages` times, one question at a time, without blocking a thread, and takes no other
/// message until the answer is there: here in one handler that is a coroutine. A round trip is a question and a reply.
/// Time: from the message that begins it until the asker has told the main thread the sum of the answers. Figure: ns
/// per round trip.
inline outcome ask_coroutine(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const first = rt.spawn<coroutine_asker>(rt.spawn<doubler>(), &finished);

    stopwatch const clock;
    first.tell(coroutine_asker::go{messages});
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the sum of the answers", sum, messages * (messages + 1))};
}

}  // namespace benches
