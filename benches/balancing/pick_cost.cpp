// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/cache_line.hpp>
#include <drover/base/random.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "policies.hpp"
#include "report.hpp"
#include "timing.hpp"

namespace benches::balancing {
namespace {

template <class P>
inline constexpr bool is_nobody_idle = false;
template <class P>
inline constexpr bool is_nobody_idle<nobody_idle<P>> = true;

/// A pool whose members have some messages each, and nobody changes that, but that an idle member's mark is put back at
/// once, which is so a part of the pick. (What a dispatch costs besides, the locked
/// add on the load of the member that was picked, is the same for all policies that read loads.)
template <class P>
class picked_pool {
public:
    picked_pool(std::uint32_t members, std::uint64_t seed)
        : loads_(new drover::member_load[members]), infos_(members), state_(typename P::options{}, seed) {
        drover::random_source random(seed);
        for (std::uint32_t each = 0; each != members; ++each) {
            loads_[each].sent(random.below(8));
            infos_[each].id = random.next();
            infos_[each].weight = 1 + random.below(8);
            infos_[each].load = &loads_[each];
            infos_[each].slot = each;
            if constexpr (drover::measures_latency<P>) {
                latencies_.emplace_back(P::latency(typename P::options{}));
                latencies_.back().record(std::chrono::microseconds(1 + random.below(8)), {}, false);
                infos_[each].latency = &latencies_.back();
            }
            if constexpr (drover::claims_idle<P> && !is_nobody_idle<P>) state_.idle.announce(each);
        }
        build();
        locals_.reserve(2);
        for (std::uint64_t thread = 0; thread != 2; ++thread) {
            locals_.push_back(std::make_unique<aligned_local>(drover::mix_bits(seed, thread)));
        }
    }

    /// A sum of what was picked, so that nothing of it is left out.
    std::uint64_t pick(std::size_t thread, std::uint64_t picks) noexcept {
        const typename P::table& table = *table_;
        typename P::local& local = locals_[thread]->local;
        // As many as `sticky` keeps without loss; it knows each from the second time on.
        constexpr std::uint64_t keys = 16'384;
        std::uint64_t sum = 0;
        for (std::uint64_t each = 0; each != picks; ++each) {
            const drover::member_index taken = P::pick(table, state_, local, {each % keys});
            if constexpr (drover::counts_picks<P>) loads_[taken].withdrawn();
            if constexpr (drover::claims_idle<P>) {
                if (local.claimed != drover::no_slot) state_.idle.restore(local.claimed);
            }
            sum += taken;
        }
        return sum;
    }

    void build() {
        auto built = P::build(infos_, state_);
        if (!built) throw std::runtime_error(to_string(built.error()));
        table_ = std::make_unique<typename P::table>(std::move(built.value()));
    }

private:
    // Two threads' own must not share a line, as a worker's does not.
    struct alignas(drover::cache_line) aligned_local {
        explicit aligned_local(std::uint64_t seed) : local(seed) {}
        typename P::local local;
    };

    std::unique_ptr<drover::member_load[]> loads_;
    std::vector<drover::member_info> infos_;
    std::deque<drover::member_latency> latencies_;
    typename P::state state_;
    std::vector<std::unique_ptr<aligned_local>> locals_;
    std::unique_ptr<typename P::table> table_;
};

/// The least that threads who share a turn can do.
class shared_counter {
public:
    std::uint64_t pick(std::size_t, std::uint64_t picks) noexcept {
        std::uint64_t sum = 0;
        for (std::uint64_t each = 0; each != picks; ++each) {
            sum += counter_.fetch_add(1, std::memory_order_relaxed);
        }
        return sum;
    }

protected:
    alignas(drover::cache_line) std::atomic<std::uint64_t> counter_{0};
};

/// And that with a table of a power of two's length. With two threads it costs more than its load: a loop of nothing
/// but `fetch_add` does several of them before the other processor gets the line.
class shared_turns : public shared_counter {
public:
    explicit shared_turns(std::uint32_t members) : turns_(std::bit_ceil(members)) {
        std::iota(turns_.begin(), turns_.end(), 0U);
    }

    std::uint64_t pick(std::size_t, std::uint64_t picks) noexcept {
        std::uint64_t sum = 0;
        for (std::uint64_t each = 0; each != picks; ++each) {
            sum += turns_[counter_.fetch_add(1, std::memory_order_relaxed) & (turns_.size() - 1)];
        }
        return sum;
    }

private:
    std::vector<std::uint32_t> turns_;
};

std::atomic<std::uint64_t> sum_of_all{0};

// ns of a pick as a thread sees it, on the mean of the threads, each on a processor of its own where there are two. Who
// is ready goes on until all are, so that nobody picks alone.
template <class Pool>
double time_picks(Pool& pool, unsigned threads, std::uint64_t picks) {
    constexpr std::uint64_t some = 16;
    std::atomic<unsigned> waiting{threads};
    std::atomic<unsigned> running{threads};
    std::atomic<std::int64_t> ns{0};
    const auto run = [&](std::size_t thread) {
        waiting.fetch_sub(1, std::memory_order_relaxed);
        for (short_wait wait; waiting.load(std::memory_order_relaxed) != 0;) {
            wait();
        }
        const stopwatch clock;
        std::uint64_t sum = pool.pick(thread, picks);
        ns.fetch_add(clock.elapsed().count(), std::memory_order_relaxed);
        running.fetch_sub(1, std::memory_order_relaxed);
        while (running.load(std::memory_order_relaxed) != 0) {
            sum += pool.pick(thread, some);
        }
        sum_of_all.fetch_add(sum, std::memory_order_relaxed);
    };
    std::vector<std::jthread> others;
    for (std::size_t thread = 1; thread < threads; ++thread) {
        others.emplace_back([&run, thread] {
            stay_on(receivers_place());
            run(thread);
        });
    }
    run(0);
    others.clear();
    return static_cast<double>(ns.load(std::memory_order_relaxed)) / static_cast<double>(picks) / threads;
}

// So many that they take about as long as all others' do.
template <class Pool>
std::uint64_t picks_for(Pool& pool, double ns_wanted) {
    const double once = std::max(1.0, time_picks(pool, 1, 1000));
    return std::max<std::uint64_t>(100, static_cast<std::uint64_t>(ns_wanted / once));
}

template <class Pool>
contender contender_of(std::string name, std::shared_ptr<Pool> pool, unsigned threads, double ns_wanted) {
    const std::uint64_t picks = picks_for(*pool, ns_wanted);
    return {std::move(name), [pool, threads, picks] { return time_picks(*pool, threads, picks); }};
}

void time_cells(std::uint32_t members, unsigned threads, report& to) {
    const std::size_t rounds = to.asked.quick ? 5 : 51;
    const double ns_wanted = to.asked.quick ? 200'000 : 1'000'000;
    std::vector<contender> all;
    const auto add = [&](std::string_view name, auto make) {
        if (!to.asked.wants(fmt::format("pick/{}/{}/{}", members, threads, name))) return;
        all.push_back(contender_of(std::string(name), make(), threads, ns_wanted));
    };
    add("fetch_add", [] { return std::make_shared<shared_counter>(); });
    add("fetch_add and load", [&] { return std::make_shared<shared_turns>(members); });
    timed_policies::for_each([&](auto entry) {
        using pool = picked_pool<typename decltype(entry)::policy>;
        add(entry.name, [&] { return std::make_shared<pool>(members, to.asked.seed); });
    });
    const auto times = time_in_turn(all, rounds);
    for (std::size_t each = 0; each != all.size(); ++each) {
        pick_row row{.policy = all[each].name, .members = members, .threads = threads};
        row.ns = spread_of(times[each]);
        if (all[0].name == "fetch_add") row.over_counter = ratio_of(times[each], times[0]);
        to.picks.push_back(std::move(row));
    }
}

}  // namespace

void run_picks(report& to) {
    // In a thread of its own, as it stays on one processor.
    std::jthread timer([&to] {
        stay_on(senders_place());
        for (const std::uint32_t members : {4U, 16U, 128U, 1024U}) {
            for (const unsigned threads : {1U, 2U}) {
                time_cells(members, threads, to);
            }
        }
    });
}

void run_rebuilds(report& to) {
    constexpr std::uint32_t members = 1000;
    std::vector<contender> all;
    timed_policies::for_each([&](auto entry) {
        if (!to.asked.wants(fmt::format("rebuild/{}/{}", members, entry.name))) return;
        const auto pool = std::make_shared<picked_pool<typename decltype(entry)::policy>>(members, to.asked.seed);
        all.push_back({std::string(entry.name), [pool] {
                           const stopwatch clock;
                           pool->build();
                           return std::chrono::duration<double, std::milli>(clock.elapsed()).count();
                       }});
    });
    const auto times = time_in_turn(all, to.asked.quick ? 3 : 31);
    for (std::size_t each = 0; each != all.size(); ++each) {
        to.rebuilds.push_back({.policy = all[each].name, .members = members, .ms = spread_of(times[each])});
    }
}

}  // namespace benches::balancing
