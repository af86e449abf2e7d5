// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
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

/// `count` names in a registry and in what one would write by hand: a std::unordered_map of strings under a
/// reader-writer lock. Each name has an actor of its own up to 16 384, then they take turns.
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

enum class table { ours, ours_borrowed, standard };
enum class share { own, all };  // of the names, for each thread

/// Indices of names in the order of their use: in turn, or by Zipf's law with an exponent of `tenths` / 10.
std::vector<std::uint32_t> order_of(std::size_t names, std::int64_t tenths) {
    std::vector<std::uint32_t> order;
    if (tenths == 0) {
        for (std::size_t i = 0; i < names; ++i) order.push_back(static_cast<std::uint32_t>(i));
        return order;
    }
    std::vector<double> sums;
    double sum = 0;
    for (std::size_t i = 1; i <= names; ++i)
        sums.push_back(sum += std::pow(static_cast<double>(i), -static_cast<double>(tenths) / 10));
    std::mt19937_64 random(42);
    std::uniform_real_distribution<double> point(0, sum);
    for (std::size_t i = 0; i < 100'000; ++i) {
        auto const rank = std::lower_bound(sums.begin(), sums.end(), point(random)) - sums.begin();
        order.push_back(static_cast<std::uint32_t>(std::min<std::size_t>(static_cast<std::size_t>(rank), names - 1)));
    }
    return order;
}

std::uint64_t look_up(fixture& in, table which, std::vector<drover::address> const& names,
                      std::vector<std::uint32_t> const& order, std::size_t from, std::size_t until, std::size_t at,
                      std::uint64_t operations) {
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
        drover::address const& name = names[order[at]];
        if (which == table::ours) {
            found += in.rt.registry().find(name) ? 1 : 0;
        } else if (which == table::ours_borrowed) {
            found += in.rt.registry().visit_route(name, [](auto const* entry) { return entry != nullptr; }) ? 1 : 0;
        } else {
            // A look-up by text, as of names that arrive from elsewhere; C++20 g++ 12 finds by std::string.
            std::shared_lock const lock(in.mutex);
            auto const place = in.map.find(name.to_string());
            found += place != in.map.end() && drover::ref<holder>(place->second) ? 1 : 0;
        }
        at = at + 1 == until ? from : at + 1;
    }
    return found;
}

/// Gives names to other actors while it stands: `rate` a second, by the clock.
class churn {
public:
    churn(fixture& in, double rate) {
        if (rate == 0) return;
        thread_ = std::thread([this, &in, rate] {
            std::vector<drover::ref<holder>> fresh;
            for (int i = 0; i < 2; ++i) fresh.push_back(in.rt.spawn<holder>());
            std::mt19937_64 random(7);
            while (!over_.load(std::memory_order_relaxed)) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                auto const due = std::chrono::duration<double>(clock_.elapsed()).count() * rate;
                for (; static_cast<double>(renewed_) < due; ++renewed_)
                    in.rt.registry().replace(in.present[random() % in.present.size()], fresh[renewed_ % 2]);
            }
        });
    }
    ~churn() { stop(); }
    churn(churn const&) = delete;
    churn& operator=(churn const&) = delete;

    /// How many a second there were.
    double stop() {
        if (!thread_.joinable()) return 0;
        over_.store(true, std::memory_order_relaxed);
        thread_.join();
        return static_cast<double>(renewed_) / std::chrono::duration<double>(clock_.elapsed()).count();
    }

private:
    stopwatch const clock_;
    std::atomic<bool> over_{false};
    std::uint64_t renewed_ = 0;
    std::thread thread_;
};

double median(std::vector<double>& of) {
    auto const middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    return *middle;
}

/// Runs `work(thread)` on `threads` threads at once, which each begin as soon as all are there; ns of the slowest.
template <class Work>
double at_once(std::size_t threads, Work work) {
    std::atomic<std::size_t> ready{0};
    std::vector<double> ns(threads);
    std::vector<std::thread> all;
    for (std::size_t each = 0; each < threads; ++each)
        all.emplace_back([&, each] {
            auto const body = work(each);  // warm
            ready.fetch_add(1);
            while (ready.load() < threads) std::this_thread::yield();
            stopwatch const clock;
            body();
            ns[each] = static_cast<double>(clock.elapsed().count());
        });
    for (auto& each : all) each.join();
    return *std::max_element(ns.begin(), ns.end());
}

/// (names, threads, Zipf exponent in tenths, per cent of the names that pass to another actor in a second): ns a
/// look-up as the slower of the threads sees it. A ref counts on its actor, so threads that look up the same names
/// write the same lines, whatever the table does; a borrowed look-up counts nothing.
void lookup(benchmark::State& state, table which, share names_of, bool hit) {
    fixture& in = with(static_cast<std::size_t>(state.range(0)));
    auto const threads = static_cast<std::size_t>(state.range(1));
    std::vector<std::uint32_t> const order = order_of(in.present.size(), state.range(2));
    std::uint64_t const operations = std::max<std::uint64_t>(1'000'000, 2 * order.size());
    auto const& names = hit ? in.present : in.absent;
    churn others(in, static_cast<double>(names.size()) * static_cast<double>(state.range(3)) / 100);
    std::vector<double> ns;
    for (auto _ : state) {
        std::vector<std::uint64_t> found(threads);
        double const elapsed = at_once(threads, [&](std::size_t each) {
            bool const whole = names_of == share::all;
            std::size_t const begin = each * order.size() / threads;
            std::size_t const from = whole ? 0 : begin;
            std::size_t const until = whole ? order.size() : (each + 1) * order.size() / threads;
            look_up(in, which, names, order, from, until, begin, until - from);
            return [&, from, until, begin, each] {
                found[each] = look_up(in, which, names, order, from, until, begin, operations);
            };
        });
        for (std::uint64_t each : found) {
            auto const wrong = expect_equal("the number of names found", each, hit ? operations : 0);
            if (!wrong.empty()) return fail(state, wrong);
        }
        state.SetIterationTime(elapsed / 1e9);
        ns.push_back(elapsed / static_cast<double>(operations));
    }
    state.counters["ns_per_operation"] = median(ns);
    state.counters["ns_per_add"] = in.add_ns;
    state.counters["renewed_per_second"] = others.stop();
}

/// What the machine takes for a second thread: arithmetic that shares nothing.
void arithmetic(benchmark::State& state) {
    auto const threads = static_cast<std::size_t>(state.range(0));
    constexpr std::uint64_t operations = 1'000'000;
    std::vector<double> ns;
    for (auto _ : state) {
        double const elapsed = at_once(threads, [&](std::size_t) {
            return [] {
                std::uint64_t value = 1;
                for (std::uint64_t i = 0; i < 10 * operations; ++i) {
                    value = value * 6364136223846793005U + i;
                    benchmark::DoNotOptimize(value);
                }
            };
        });
        state.SetIterationTime(elapsed / 1e9);
        ns.push_back(elapsed / static_cast<double>(operations));
    }
    state.counters["ns_per_operation"] = median(ns);
}

void measured(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"names", "threads", "zipf_tenths", "churn_percent_per_second"})
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

void sizes(benchmark::internal::Benchmark* bench) {
    measured(bench);
    bench->ArgsProduct({{100, 10'000, 1'000'000}, {1, 2}, {0}, {0}});
}

void zipf(benchmark::internal::Benchmark* bench) {
    measured(bench);
    bench->ArgsProduct({{10'000}, {1, 2}, {10, 15}, {0}});
}

void churned(benchmark::internal::Benchmark* bench) {
    measured(bench);
    bench->ArgsProduct({{10'000}, {1}, {0}, {0, 1, 5, 10}});
}

void same_names(benchmark::internal::Benchmark* bench) {
    measured(bench);
    bench->ArgsProduct({{10'000}, {1, 2}, {0}, {0}});
}

}  // namespace

BENCHMARK(arithmetic)
    ->Name("registry/arithmetic")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lookup, hit, table::ours, share::own, true)->Name("registry/hit")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, miss, table::ours, share::own, false)->Name("registry/miss")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, borrow, table::ours_borrowed, share::own, true)->Name("registry/borrow")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, hit_same, table::ours, share::all, true)->Name("registry/hit_same_names")->Apply(same_names);
BENCHMARK_CAPTURE(lookup, borrow_same, table::ours_borrowed, share::all, true)
    ->Name("registry/borrow_same_names")
    ->Apply(same_names);
BENCHMARK_CAPTURE(lookup, hit_std, table::standard, share::own, true)->Name("registry/unordered_map_hit")->Apply(sizes);
BENCHMARK_CAPTURE(lookup, miss_std, table::standard, share::own, false)
    ->Name("registry/unordered_map_miss")
    ->Apply(sizes);
BENCHMARK_CAPTURE(lookup, borrow_zipf, table::ours_borrowed, share::all, true)
    ->Name("registry/borrow_zipf")
    ->Apply(zipf);
// Last, since it leaves names with other actors.
BENCHMARK_CAPTURE(lookup, hit_churn, table::ours, share::own, true)->Name("registry/hit_churn")->Apply(churned);

}  // namespace benches
