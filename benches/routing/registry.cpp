// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

struct holder {
    void operator()(int) {}
};

constexpr std::size_t holders = 16'384;

/// `count` names in a registry and in what one would write by hand: a std::unordered_map of strings under a reader-writer
/// lock. Each name has an actor of its own up to 16 384, then they take turns.
struct fixture {
    explicit fixture(std::size_t count) : rt({.threads = 1}) {
        std::vector<drover::ref<holder>> actors;
        for (std::size_t i = 0; i < holders; ++i) actors.push_back(rt.spawn<holder>());
        stopwatch const clock;
        for (std::size_t i = 0; i < count; ++i) {
            present.emplace_back("orders/eu/" + std::to_string(i));
            rt.registry().add(present.back(), actors[i % holders]);
        }
        add_ns = static_cast<double>(clock.elapsed().count()) / static_cast<double>(count);
        for (std::size_t i = 0; i < count; ++i) {
            absent.emplace_back("orders/us/" + std::to_string(i));
            map.emplace(present[i].to_string(), actors[i % holders]);
        }
        // Used in an order that the processor cannot foresee.
        std::uint64_t state = 1;
        for (std::size_t i = count - 1; i > 0; --i) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            std::size_t const other = (state >> 33U) % (i + 1);
            std::swap(present[i], present[other]);
            std::swap(absent[i], absent[other]);
        }
    }

    drover::runtime rt;
    std::vector<drover::address> present;
    std::vector<drover::address> absent;
    std::unordered_map<std::string, drover::ref<holder>> map;
    std::shared_mutex mutex;
    double add_ns = 0;
};

fixture& with(std::size_t count) {
    static std::unordered_map<std::size_t, std::unique_ptr<fixture>> all;
    std::unique_ptr<fixture>& one = all[count];
    if (!one) one = std::make_unique<fixture>(count);
    return *one;
}

enum class table { ours, standard };

// One thread's share of the names: a ref counts on its actor, so two threads that looked up the same names would fight over
// the actors' lines, whatever the table does.
std::uint64_t look_up(fixture& in, table which, std::vector<drover::address> const& names, std::size_t from,
                      std::size_t until, std::uint64_t operations) {
    std::uint64_t found = 0;
    std::size_t at = from;
    for (std::uint64_t i = 0; i < operations; ++i) {
        if (which == table::ours) {
            found += in.rt.registry().find(names[at]) ? 1 : 0;
        } else {
            // A look-up by text, as of names that arrive from elsewhere; C++20 g++ 12 finds by std::string.
            std::shared_lock const lock(in.mutex);
            auto const place = in.map.find(names[at].to_string());
            found += place != in.map.end() && drover::ref<holder>(place->second) ? 1 : 0;
        }
        at = at + 1 == until ? from : at + 1;
    }
    return found;
}

/// (names, threads): ns a look-up as each of the threads sees it.
void lookup(benchmark::State& state, table which, bool hit) {
    fixture& in = with(static_cast<std::size_t>(state.range(0)));
    auto const threads = static_cast<std::size_t>(state.range(1));
    std::uint64_t const operations = std::max<std::uint64_t>(1'000'000, 2 * in.present.size());
    auto const& names = hit ? in.present : in.absent;
    std::vector<double> ns;
    for (auto _ : state) {
        std::vector<std::uint64_t> found(threads);
        std::vector<std::thread> others;
        auto const share = [&](std::size_t each) { return each * names.size() / threads; };
        look_up(in, which, names, 0, names.size(), names.size());  // warm
        stopwatch const clock;
        for (std::size_t each = 1; each < threads; ++each)
            others.emplace_back(
                [&, each] { found[each] = look_up(in, which, names, share(each), share(each + 1), operations); });
        found[0] = look_up(in, which, names, 0, share(1), operations);
        for (auto& each : others) each.join();
        auto const elapsed = clock.elapsed();
        for (std::uint64_t each : found) {
            auto const wrong = expect_equal("the number of names found", each, hit ? operations : 0);
            if (!wrong.empty()) return fail(state, wrong);
        }
        state.SetIterationTime(std::chrono::duration<double>(elapsed).count());
        ns.push_back(static_cast<double>(elapsed.count()) / static_cast<double>(operations));
    }
    std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2), ns.end());
    state.counters["ns_per_operation"] = ns[ns.size() / 2];
    state.counters["ns_per_add"] = in.add_ns;
}

void sizes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"names", "threads"})
        ->ArgsProduct({{100, 10'000, 1'000'000}, {1, 2}})
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK_CAPTURE(lookup, hit, table::ours, true)->Name("registry/hit")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, miss, table::ours, false)->Name("registry/miss")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, hit_standard, table::standard, true)->Name("registry/unordered_map_hit")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, miss_standard, table::standard, false)->Name("registry/unordered_map_miss")->Apply(sizes);

}  // namespace benches
