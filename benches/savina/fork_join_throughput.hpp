// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/computation.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "shapes.hpp"

namespace benches {

struct throughput_member {
    struct job {};

    void operator()(job) {
        if (perform_computation(savina_theta) && ++done_ == expected_) finished_->add(done_);
    }

    tally* finished_;
    std::uint64_t expected_;
    std::uint64_t done_ = 0;
};

/// Fork-join throughput: the main thread, which is no worker, creates 60 actors and then sends `messages` jobs to them
/// round robin; for each job an actor computes one sine. Senders: 1, the main thread. Time: from the creation of the
/// first actor until the last of the 60 has done its share. Figure: ns per job.
inline outcome fork_join_throughput(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::fork_join_actors);
    auto const all = each * shape::fork_join_actors;
    tally finished(all);
    drover::runtime rt({.threads = threads});

    stopwatch const clock;
    std::vector<drover::ref<throughput_member>> members;
    members.reserve(shape::fork_join_actors);
    for (std::size_t i = 0; i < shape::fork_join_actors; ++i)
        members.push_back(rt.spawn<throughput_member>(&finished, each));
    for (std::uint64_t i = 0; i < each; ++i)
        for (auto const& member : members) member.tell(throughput_member::job{});
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, all, usage_of_threads("drover/").threads,
            expect_equal("the number of jobs done", finished.total(), all)};
}

}  // namespace benches
