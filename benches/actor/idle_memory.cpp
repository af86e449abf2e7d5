// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {
namespace {

struct idler {
    struct greeting {
        tally* counted;
    };

    void operator()(greeting g) {
        value_ += 1;
        g.counted->add(value_);
    }

    std::uint64_t value_ = 0;
};
static_assert(sizeof(idler) == 8, "the subject is an actor with a state of 8 bytes");

/// Bytes per idle actor: how much the resident memory of the process grows, divided by the number of actors, when the
/// main thread makes a million actors with a state of 8 bytes and each has handled one message. Everything that grew
/// with them counts: cells, what the tree and the ids need, and the envelopes that were left over in the pools.
void bytes_per_idle_actor(benchmark::State& state) {
    auto const actors = static_cast<std::uint64_t>(state.range(0));
    auto const limit = static_cast<std::uint64_t>(state.range(1));
    for (auto _ : state) {
        try {
            tally first(1);
            tally all(actors);
            drover::runtime rt({.threads = 2});
            rt.spawn<idler>().tell(idler::greeting{&first});  // what the first actor ever costs is no growth
            first.wait();

            auto const before = resident_bytes();
            for (std::uint64_t i = 0; i < actors; ++i) rt.spawn<idler>().tell(idler::greeting{&all});
            all.wait();
            auto const grown = resident_bytes() - before;

            auto const wrong = expect_equal("the number of messages handled", all.total(), actors);
            if (!wrong.empty()) return fail(state, wrong);
            auto const bytes = (grown + actors - 1) / actors;
            if (bytes > limit)
                return fail(state, "an idle actor takes " + std::to_string(bytes) + " bytes, and the limit is " +
                                       std::to_string(limit) + ".");
            state.counters["bytes_per_actor"] = static_cast<double>(grown) / static_cast<double>(actors);
        } catch (std::exception const& error) {
            return fail(state, error.what());
        }
    }
}

}  // namespace

BENCHMARK(bytes_per_idle_actor)
    ->ArgNames({"actors", "limit"})
    ->Args({1'000'000, 256})
    ->Iterations(1)  // memory that was given back and is used again would hide the growth
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace benches
