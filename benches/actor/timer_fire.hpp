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

struct sleeper {
    struct go {
        std::uint64_t count;
    };
    struct alarm {};

    void operator()(go g, drover::context& self) {
        left_ = g.count;
        auto const me = self.self<sleeper>();
        for (std::uint64_t i = 0; i < g.count; ++i)
            me.tell_after(std::chrono::milliseconds(1 + timer_shape::spread(i) % 100), alarm{});
    }
    void operator()(alarm) {
        if (++seen_ == left_) finished_->set_value(seen_);
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t left_ = 0;
    std::uint64_t seen_ = 0;
};

/// One actor puts off `messages` messages to itself by 1 to 100 ms each, as it comes, and handles them. Time: from the
/// message that begins it until the last has been handled, so a tenth of a second is the least. Figure: ns a message,
/// set, sent and handled.
inline outcome timer_fire(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const owner = rt.spawn<sleeper>(&finished);

    stopwatch const clock;
    owner.tell(sleeper::go{messages});
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads - 1,  // and the thread that follows the clock
            expect_equal("the number of messages that came", seen, messages)};
}

}  // namespace benches
