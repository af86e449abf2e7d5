// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../support/google.hpp"

namespace benches {
namespace {

struct gate {
    void operator()(std::shared_ptr<std::atomic<bool>> open) const { open->wait(false); }
};

struct clerk {
    void operator()(std::uint64_t n) { sum_ += n; }
    std::uint64_t sum_ = 0;
};

/// A dump of a runtime of so many actors, in each of which so many messages wait: its one worker is kept in a handler
/// meanwhile. The time is that for which workers may be held at the edge of the runtime, not what it takes to sort and
/// to print.
void held_by_dump(benchmark::State& state) {
    auto const actors = static_cast<std::size_t>(state.range(0));
    auto const waiting = static_cast<std::size_t>(state.range(1));
    auto const open = std::make_shared<std::atomic<bool>>(false);
    drover::runtime rt({.threads = 1});
    auto const door = rt.spawn<gate>();
    door.tell(open);
    std::vector<drover::ref<clerk>> all;
    all.reserve(actors);
    for (std::size_t i = 0; i != actors; ++i) all.push_back(rt.spawn<clerk>());
    for (std::size_t m = 0; m != waiting; ++m) {
        for (auto const& each : all) each.tell(std::uint64_t{1});
    }
    for (auto _ : state) {
        drover::runtime_dump const dump = rt.dump();
        if (dump.actors != actors + 1 || dump.waiting.or_more) {
            fail(state, "the answer is wrong: a dump of other actors");
            break;
        }
        state.SetIterationTime(std::chrono::duration<double>(dump.held).count());
    }
    open->store(true);
    open->notify_all();
    rt.drain(std::chrono::minutes(1));
}

BENCHMARK(held_by_dump)
    ->Name("held_by_dump")
    ->ArgNames({"actors", "waiting"})
    ->Args({1'000, 0})
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Args({100'000, 10})
    ->Args({1, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace benches
