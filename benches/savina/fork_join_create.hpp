// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>

#include "../support/computation.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {

struct one_shot {
    struct job {};

    void operator()(job, drover::context& self) {
        worked_ = perform_computation(savina_theta);
        self.stop();
    }
    void stopped(drover::stop_reason) { finished_->add(worked_ ? 1 : 0); }

    tally* finished_;
    bool worked_ = false;
};

/// Fork-join create: the main thread, which is no worker, creates `messages` actors and sends each one job right after
/// creating it; the actor computes one sine and stops. Senders: 1, the main thread. Time: from the first creation until
/// the last actor has stopped. Figure: ns per actor.
inline outcome fork_join_create(std::uint64_t messages, std::size_t threads) {
    tally finished(messages);
    drover::runtime rt({.threads = threads});

    stopwatch const clock;
    for (std::uint64_t i = 0; i < messages; ++i) rt.spawn<one_shot>(&finished).tell(one_shot::job{});
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the number of actors that did their job and stopped", finished.total(), messages)};
}

}  // namespace benches
