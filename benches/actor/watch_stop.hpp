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

/// Ends when it is told to.
struct mortal {
    struct end {};
    void operator()(end, drover::context& self) { self.stop(); }
};

struct mourner {
    struct go {
        std::uint64_t count;
    };

    void operator()(go g, drover::context& self) {
        left_ = g.count;
        next(self);
    }
    void operator()(drover::stopped_event const& heard, drover::context& self) {
        ended_ += heard.reason.kind() == drover::stop_kind::stopped ? 1 : 0;
        if (--left_ == 0)
            finished_->set_value(ended_);
        else
            next(self);
    }

    void next(drover::context& self) {
        auto const child = self.spawn<mortal>();
        self.watch<mourner>(child);
        child.tell(mortal::end{});
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t left_ = 0;
    std::uint64_t ended_ = 0;
};

/// One actor spawns another, watches it, tells it to end, and hears that it has; then the next one, `messages` in all.
/// Time: from the message that begins it until the watching actor has told the main thread how many ended as they
/// should. Figure: ns an actor, with its spawn, its watch, its message, its end and the notice of it.
inline outcome watch_stop(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const watcher = rt.spawn<mourner>(&finished);

    stopwatch const clock;
    watcher.tell(mourner::go{messages});
    auto const ended = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the number of actors that ended when told to", ended, messages)};
}

}  // namespace benches
