// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/routing.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

/// Entries without a registry, each with a count of ours, and a long list of uses of them.
class population {
public:
    explicit population(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            names_.emplace_back("orders/eu/" + std::to_string(i));
            entries_.push_back(make(names_.back()));
        }
    }
    ~population() {
        for (drover::route_entry* each : entries_) each->release();
    }
    population(population const&) = delete;
    population& operator=(population const&) = delete;

    [[nodiscard]] drover::address const& name(std::size_t which) const { return names_[which]; }
    [[nodiscard]] drover::route_entry& entry(std::size_t which) { return *entries_[which]; }
    [[nodiscard]] std::size_t size() const { return names_.size(); }

    /// As if the name had passed to another actor.
    void renew(std::size_t which) {
        drover::route_entry* const old = entries_[which];
        entries_[which] = make(names_[which]);
        old->current.store(false, std::memory_order_release);
        old->release();
    }

private:
    static drover::route_entry* make(drover::address const& name) {
        void* const memory = std::malloc(sizeof(drover::route_entry) + name.text().size());
        if (memory == nullptr) throw std::bad_alloc();
        return new (memory) drover::route_entry(name, nullptr, nullptr, [](drover::route_entry* gone) noexcept {
            gone->~route_entry();
            std::free(gone);
        });
    }

    std::vector<drover::address> names_;
    std::vector<drover::route_entry*> entries_;
};

/// `count` uses of names by rank, with exponent `tenths` / 10 (0: uniform).
std::vector<std::uint32_t> uses_of(std::size_t names, std::int64_t tenths, std::size_t count) {
    std::vector<double> sums;
    double sum = 0;
    for (std::size_t i = 1; i <= names; ++i)
        sums.push_back(sum += std::pow(static_cast<double>(i), -static_cast<double>(tenths) / 10));
    std::mt19937_64 random(42);
    std::uniform_real_distribution<double> point(0, sum);
    std::vector<std::uint32_t> uses;
    for (std::size_t i = 0; i < count; ++i)
        uses.push_back(static_cast<std::uint32_t>(
            std::min<std::ptrdiff_t>(std::lower_bound(sums.begin(), sums.end(), point(random)) - sums.begin(),
                                     static_cast<std::ptrdiff_t>(names) - 1)));
    return uses;
}

/// (names, Zipf exponent in tenths, per cent of the names that pass to another actor in a second of use): the share of
/// hits in per cent, ns a use, an insertion after a miss included, and how many names passed on in a second.
template <class Cache>
void use(benchmark::State& state) {
    population all(static_cast<std::size_t>(state.range(0)));
    std::vector<std::uint32_t> const uses = uses_of(all.size(), state.range(1), 200'000);
    constexpr std::size_t every = 1'000;  // uses between two looks at the clock
    double const churn = static_cast<double>(all.size()) * static_cast<double>(state.range(2)) / 100;
    std::mt19937_64 random(7);
    Cache cache;
    std::vector<double> ns;
    double hits = 0;
    double looks = 0;
    double due = 0;
    double renewed = 0;
    double seconds = 0;
    bool warm = false;
    for (auto _ : state) {
        std::chrono::nanoseconds elapsed{};
        for (std::size_t from = 0; from < uses.size(); from += every) {
            std::size_t const until = std::min(from + every, uses.size());
            std::uint64_t found = 0;
            stopwatch const clock;
            for (std::size_t i = from; i < until; ++i) {
                std::size_t const which = uses[i];
                if (drover::route_entry* const entry = cache.find(all.name(which))) {
                    if (entry != &all.entry(which)) return fail(state, "the cache gave another name's entry.");
                    ++found;
                } else {
                    all.entry(which).retain();
                    cache.insert(all.entry(which));
                }
            }
            auto const taken = clock.elapsed();
            elapsed += taken;
            seconds += std::chrono::duration<double>(taken).count();
            if (warm) {
                hits += static_cast<double>(found);
                looks += static_cast<double>(until - from);
            }
            for (due += churn * std::chrono::duration<double>(taken).count(); due >= 1; due -= 1) {
                all.renew(random() % all.size());
                renewed += 1;
            }
        }
        if (warm) ns.push_back(static_cast<double>(elapsed.count()) / static_cast<double>(uses.size()));
        warm = true;
        state.SetIterationTime(std::chrono::duration<double>(elapsed).count());
    }
    if (ns.empty()) return;
    std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2), ns.end());
    state.counters["hit_percent"] = 100 * hits / looks;
    state.counters["ns_per_operation"] = ns[ns.size() / 2];
    state.counters["renewed_per_second"] = renewed / seconds;
}

void curves(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"names", "zipf_tenths", "churn_percent_per_second"})
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
    for (std::int64_t const names : {128, 512, 1024, 2048, 10'000}) bench->Args({names, 0, 0});
    for (std::int64_t const tenths : {10, 15}) bench->Args({10'000, tenths, 0});
    for (std::int64_t const churn : {1, 5, 10}) bench->Args({10'000, 15, churn});
}

}  // namespace

BENCHMARK_TEMPLATE(use, drover::direct_mapped_cache<256>)->Name("route_cache/direct_mapped_256")->Apply(curves);
BENCHMARK_TEMPLATE(use, drover::direct_mapped_cache<1024>)->Name("route_cache/direct_mapped_1024")->Apply(curves);
BENCHMARK_TEMPLATE(use, drover::direct_mapped_cache<16384>)->Name("route_cache/direct_mapped_16384")->Apply(curves);
using two_ways = drover::set_associative_cache<1024, 2>;
using four_ways = drover::set_associative_cache<1024, 4>;
using eight_ways = drover::set_associative_cache<1024, 8>;
using eight_ways_more = drover::set_associative_cache<16384, 8>;
BENCHMARK_TEMPLATE(use, two_ways)->Name("route_cache/2_ways_1024")->Apply(curves);
BENCHMARK_TEMPLATE(use, four_ways)->Name("route_cache/4_ways_1024")->Apply(curves);
BENCHMARK_TEMPLATE(use, eight_ways)->Name("route_cache/8_ways_1024")->Apply(curves);
BENCHMARK_TEMPLATE(use, eight_ways_more)->Name("route_cache/8_ways_16384")->Apply(curves);

}  // namespace benches
