// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>

#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "watch_stop.hpp"

namespace benches {
namespace {

struct undecided {
    struct go {
        std::uint64_t count;
        drover::handle whom;
    };
    std::uint64_t operator()(go const& g, drover::context& self) const {
        std::uint64_t done = 0;
        for (std::uint64_t i = 0; i < g.count; ++i)
            done += self.watch<undecided>(g.whom) && self.unwatch(g.whom) ? 1 : 0;
        return done;
    }
    void operator()(drover::stopped_event const&) const {}
};

/// One actor watches another and lets go again, `messages` times in one handler. Figure: ns for both.
outcome watch_unwatch(std::uint64_t messages, std::size_t threads) {
    drover::runtime rt({.threads = threads});
    auto const watched = rt.spawn<mortal>();
    auto const watcher = rt.spawn<undecided>();

    stopwatch const clock;
    std::uint64_t const done = watcher.ask(undecided::go{messages, watched}).get();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the number of watches ended", done, messages)};
}

}  // namespace

BENCHMARK_CAPTURE(measure, watch_stop, &watch_stop)->Name("watch_stop")->Apply(savina<500'000>);
BENCHMARK_CAPTURE(measure, watch_unwatch, &watch_unwatch)->Name("watch_unwatch")->Apply(savina<1'000'000>);

}  // namespace benches
