// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "timer_shapes.hpp"

namespace benches {

struct timer_owner {
    struct crowd {
        std::promise<std::uint64_t>* ready;
    };
    struct go {
        std::uint64_t count;
    };
    struct alarm {};

    void operator()(crowd c, drover::context& self) {
        auto const me = self.self<timer_owner>();
        for (std::uint64_t i = 0; i < timer_shape::crowd; ++i)
            me.tell_after(std::chrono::hours(1) + std::chrono::microseconds(timer_shape::spread(i)), alarm{});
        c.ready->set_value(timer_shape::crowd);
    }
    void operator()(go g, drover::context& self) {
        auto const me = self.self<timer_owner>();
        std::uint64_t cancelled = 0;
        for (std::uint64_t i = 0; i < g.count; ++i) {
            auto const timer =
                me.tell_after(std::chrono::hours(1) + std::chrono::microseconds(timer_shape::spread(i)), alarm{});
            cancelled += timer.cancel() ? 1 : 0;
        }
        finished_->set_value(cancelled);
    }
    void operator()(alarm) const {}

    std::promise<std::uint64_t>* finished_;
};

/// One actor puts off a message to itself by an hour and cancels it, `messages` times in one handler, beside a million
/// that wait. Time: from the message that begins it until the actor has told the main thread how many it could cancel;
/// setting the million is before that. Figure: ns for both.
inline outcome timer_cancel(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> ready;
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const owner = rt.spawn<timer_owner>(&finished);
    owner.tell(timer_owner::crowd{&ready});
    await_answer(ready.get_future());

    stopwatch const clock;
    owner.tell(timer_owner::go{messages});
    auto const cancelled = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads - 1,  // and the thread that follows the clock
            expect_equal("the number of timers cancelled", cancelled, messages)};
}

}  // namespace benches
