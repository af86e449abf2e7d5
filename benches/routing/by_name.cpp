// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

struct counter {
    void operator()(std::uint64_t) { handled += 1; }
    std::uint64_t operator()(char) const { return handled; }
    std::uint64_t handled = 0;
};

// The three ways in turn, in bursts of 64 from inside one handler, so that whatever else slows the machine slows all
// alike. A burst is short enough to stay in the cache and is timed as a whole.
struct sender {
    struct go {
        std::uint64_t bursts;
        std::promise<std::array<double, 3>>* medians;
    };

    static constexpr std::size_t names = 16;
    static constexpr std::uint64_t burst = 64;

    void operator()(go g, drover::context& self) {
        std::vector<drover::ref<counter>> refs;
        std::vector<drover::address> addresses;
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < names; ++i) {
            refs.push_back(self.spawn<counter>());
            texts.push_back("orders/eu/" + std::to_string(100'000 + i));  // 16 bytes
            addresses.emplace_back(texts.back());
            self.registry().replace(addresses.back(), refs.back());
        }
        drover::router<> by(self.registry());
        std::array<std::vector<double>, 3> ns;
        auto const time = [&](std::size_t way, auto send) {
            stopwatch const clock;
            for (std::uint64_t i = 0; i < burst; ++i) send(i % names, i);
            ns[way].push_back(static_cast<double>(clock.elapsed().count()) / static_cast<double>(burst));
        };
        for (std::uint64_t i = 0; i < g.bursts; ++i) {
            time(0, [&](std::size_t to, std::uint64_t message) { refs[to].tell(message); });
            time(1, [&](std::size_t to, std::uint64_t message) { by.tell<counter>(addresses[to], message); });
            time(2, [&](std::size_t to, std::uint64_t message) {
                by.tell<counter>(std::string_view(texts[to]), message);
            });
        }
        std::array<double, 3> medians{};
        for (std::size_t way = 0; way < ns.size(); ++way) {
            auto const middle = ns[way].begin() + static_cast<std::ptrdiff_t>(ns[way].size() / 2);
            std::nth_element(ns[way].begin(), middle, ns[way].end());
            medians[way] = *middle;
        }
        g.medians->set_value(medians);
    }
};

/// Figures: the median ns of a tell by ref, and what a tell by address and by a text of 16 bytes takes beyond it, to 16
/// actors in turn whose names are in the cache.
void cached_tell(benchmark::State& state) {
    double by_ref = 0;
    double by_address = 0;
    double by_text = 0;
    for (auto _ : state) {
        std::promise<std::array<double, 3>> medians;
        auto got = medians.get_future();
        drover::runtime rt({.threads = 1});
        stopwatch const clock;
        rt.spawn<sender>().tell(sender::go{static_cast<std::uint64_t>(state.range(0)), &medians});
        auto const all = got.get();
        state.SetIterationTime(std::chrono::duration<double>(clock.elapsed()).count());
        by_ref = all[0];
        by_address = all[1];
        by_text = all[2];
    }
    state.counters["ns_by_ref"] = by_ref;
    state.counters["ns_more_by_address"] = by_address - by_ref;
    state.counters["ns_more_by_text"] = by_text - by_ref;
}

}  // namespace

BENCHMARK(cached_tell)
    ->Name("by_name/cached_tell")
    ->ArgName("bursts")
    ->Arg(5'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace benches
