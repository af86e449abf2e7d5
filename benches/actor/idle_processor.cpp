// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <thread>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {
namespace {

struct sleeper {
    struct nudge {
        tally* counted;
    };

    void operator()(nudge n) { n.counted->add(1); }
};

/// Idle processor use: context switches and processor time of the worker threads during one second in which there is
/// nothing to do, after they had work. Both must be nothing: a worker that looked for work now and then would show
/// here.
void idle_processor_use(benchmark::State& state) {
    constexpr std::uint64_t nudges = 1'000;
    auto const threads = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        try {
            tally all(nudges);
            drover::runtime rt({.threads = threads, .name = "idlebench"});
            auto const actor = rt.spawn<sleeper>();
            for (std::uint64_t i = 0; i < nudges; ++i) actor.tell(sleeper::nudge{&all});
            all.wait();
            auto before = usage_of_threads("idlebench/");
            for (int looks = 0; looks < 50; ++looks) {  // the workers' way to their beds, longer on a busy machine
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                auto const now = usage_of_threads("idlebench/");
                bool const settled = now.context_switches == before.context_switches;
                before = now;
                if (settled) break;
            }
            std::this_thread::sleep_for(std::chrono::seconds(1));
            auto const after = usage_of_threads("idlebench/");

            auto wrong = expect_equal("the number of workers", after.threads, threads);
            if (wrong.empty())
                wrong = expect_equal("the number of context switches of idle workers",
                                     after.context_switches - before.context_switches, 0);
            if (!wrong.empty()) return fail(state, wrong);
            state.counters["context_switches"] = static_cast<double>(after.context_switches - before.context_switches);
            state.counters["processor_ns"] = static_cast<double>(after.on_processor_ns - before.on_processor_ns);
        } catch (std::exception const& error) {
            return fail(state, error.what());
        }
    }
}

}  // namespace

BENCHMARK(idle_processor_use)
    ->ArgNames({"threads"})
    ->Args({2})
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace benches
