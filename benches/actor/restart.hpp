// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <stdexcept>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {

struct patron;

/// Fails when it is told to, and says when it is there again.
struct phoenix {
    struct burn {};

    void started(drover::context&);
    void operator()(burn) const { throw std::runtime_error("told to fail"); }

    drover::ref<patron> patron_;
};

struct patron {
    struct go {
        std::uint64_t count;
    };
    struct there {};

    void operator()(go g, drover::context& self) {
        left_ = g.count;
        // One restart in a nanosecond, which is as many as there can be.
        child_ = self.spawn<phoenix>(
            drover::supervised{.plan = {.limit = {.count = 1, .within = std::chrono::nanoseconds(1)}}},
            self.self<patron>());
    }
    void operator()(there) {
        if (seen_++ == left_)
            finished_->set_value(seen_);
        else
            child_.tell(phoenix::burn{});
    }

    std::promise<std::uint64_t>* finished_;
    drover::ref<phoenix> child_{};
    std::uint64_t left_ = 0;
    std::uint64_t seen_ = 0;
};

inline void phoenix::started(drover::context&) {
    patron_.tell(patron::there{});
}

/// A supervised actor fails by an exception, is restarted at once and says so to another one, which tells it to fail
/// again, `messages` times. Nothing is written about the failures. Time: from the message that begins it until the last
/// restart. Figure: ns a restart, with the two messages and the exception.
inline outcome restart(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime_options chosen{.threads = threads};
    chosen.on_dead_letter = [](drover::dead_letter const&) {};
    chosen.on_failure = [](drover::failure const&) {};
    drover::runtime rt(chosen);
    auto const first = rt.spawn<patron>(&finished);

    stopwatch const clock;
    first.tell(patron::go{messages});
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the number of states there were", seen, messages + 1)};
}

}  // namespace benches
