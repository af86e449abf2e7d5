// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {
namespace {

struct newborn {
    struct report {};

    std::uint64_t operator()(report) const { return number_; }

    std::uint64_t number_;
};

/// The main thread, which is no worker, creates `messages` actors that get no message. Figure: ns per actor, their end
/// not included. The last of them is asked for the number it was made with.
outcome spawn_from_outside(std::uint64_t messages, std::size_t threads) {
    drover::runtime rt({.threads = threads});
    drover::ref<newborn> last;

    stopwatch const clock;
    for (std::uint64_t i = 0; i < messages; ++i) last = rt.spawn<newborn>(i);
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the last actor's number", last.ask(newborn::report{}).get(), messages - 1)};
}

struct parent {
    struct go {
        std::uint64_t children;
    };

    void operator()(go g, drover::context& self) {
        drover::ref<newborn> last;
        for (std::uint64_t i = 0; i < g.children; ++i) last = self.spawn<newborn>(i);
        finished_->set_value(last);
    }

    std::promise<drover::ref<newborn>>* finished_;
};

/// One actor creates `messages` children in one handler, which get no message. Figure: ns per child, their end not
/// included.
outcome spawn_children(std::uint64_t messages, std::size_t threads) {
    std::promise<drover::ref<newborn>> finished;
    drover::runtime rt({.threads = threads});
    auto const root = rt.spawn<parent>(&finished);
    auto done = finished.get_future();

    stopwatch const clock;
    root.tell(parent::go{messages});
    auto const last = done.get();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the last child's number", last.ask(newborn::report{}).get(), messages - 1)};
}

}  // namespace

BENCHMARK_CAPTURE(measure, spawn_from_outside, &spawn_from_outside)->Name("spawn_from_outside")->Apply(savina<200'000>);
BENCHMARK_CAPTURE(measure, spawn_children, &spawn_children)->Name("spawn_children")->Apply(savina<200'000>);

}  // namespace benches
