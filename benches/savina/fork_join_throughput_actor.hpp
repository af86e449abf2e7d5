// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fork_join_throughput.hpp"
#include "shapes.hpp"

namespace benches {

template <class Member, std::size_t Outbox>
struct throughput_sender {
    using outbox = drover::outbox<Outbox>;

    struct go {
        std::uint64_t each;
        tally* finished;
    };

    void operator()(go g, drover::context& self) {
        std::vector<drover::ref<Member>> members;
        members.reserve(shape::fork_join_actors);
        for (std::size_t i = 0; i < shape::fork_join_actors; ++i)
            members.push_back(self.spawn<Member>(g.finished, g.each));
        for (std::uint64_t i = 0; i < g.each; ++i)
            for (auto const& member : members) member.tell(typename Member::job{});
    }
};

template <class Member, std::size_t Outbox>
outcome fork_join_from_actor(std::uint64_t messages, std::size_t threads) {
    using sender = throughput_sender<Member, Outbox>;
    auto const each = shape::share(messages, shape::fork_join_actors);
    auto const all = each * shape::fork_join_actors;
    tally finished(all);
    drover::runtime rt({.threads = threads});
    auto const root = rt.spawn<sender>();

    stopwatch const clock;
    root.tell(typename sender::go{each, &finished});
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, all, usage_of_threads("drover/").threads,
            expect_equal("the number of jobs done", finished.total(), all)};
}

/// Fork-join throughput with an actor as the sender: it creates 60 actors and then, from one handler, sends `messages`
/// jobs to them round robin; for each job an actor computes one sine. Senders: 1, the actor, through its outbox. Time:
/// from the main thread's start message until the last of the 60 has done its share. Figure: ns per job.
inline outcome fork_join_throughput_actor(std::uint64_t messages, std::size_t threads) {
    return fork_join_from_actor<throughput_member, 64>(messages, threads);
}

}  // namespace benches
