// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "counter.hpp"

namespace benches {

struct counting_producer {
    struct go {
        std::uint64_t messages;
    };

    void operator()(go g, drover::context& self) {
        for (std::uint64_t i = 0; i < g.messages; ++i) target_.tell(increment{});
        target_.ask(retrieve{}).then(self, [finished = finished_](auto const& count) {
            finished->set_value(count ? count.value() : 0);  // a failed ask is a wrong count
        });
    }

    drover::ref<counter> target_;
    std::promise<std::uint64_t>* finished_;
};

/// Counting, actor to actor (Savina's form): a producer actor sends `messages` increments to a counter actor from one
/// handler, then asks it for the count. Senders: 1, the producer. Time: from the main thread's start message until the
/// producer has handed it the count. Figure: ns per increment.
inline outcome counting_actor(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const producer = rt.spawn<counting_producer>(rt.spawn<counter>(), &finished);

    stopwatch const clock;
    producer.tell(counting_producer::go{messages});
    auto const count = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads, expect_equal("the count", count, messages)};
}

}  // namespace benches
