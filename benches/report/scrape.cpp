// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>
#include <drover/report.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

using namespace std::chrono_literals;

struct counted : drover::features {
    using metrics = drover::counter_metrics;
};
struct timed : drover::features {
    using metrics = drover::latency_metrics<1>;
};

template <std::size_t>
struct actor_of_a_type {
    int operator()(int n) { return n; }
};

constexpr std::size_t types = 100;

/// A runtime in which actors of 100 types have handled some messages each.
template <class F>
class many_types {
public:
    many_types() : rt_({.threads = 2}) { use_all(std::make_index_sequence<types>()); }
    drover::basic_runtime<F>& runtime() { return rt_; }

private:
    template <std::size_t... Each>
    void use_all(std::index_sequence<Each...>) {
        (use(rt_.template spawn<actor_of_a_type<Each>>()), ...);
    }
    template <class Ref>
    void use(const Ref& one) {
        for (int each = 0; each != 20; ++each) one.ask(each).get();
    }

    drover::basic_runtime<F> rt_;
};

std::string text_of(const std::vector<drover::metric_family>& families) {
    return drover::metrics_text(families, drover::exposition_format::prometheus_text);
}

/// A scrape of 100 actor types: `take` what was counted, make `families` of it, or all up to the `text`. Figure: ns for
/// one.
enum class up_to : std::uint8_t { snapshot, families, text };

template <class F, up_to What>
outcome scrape(std::uint64_t operations) {
    static many_types<F> program;
    auto const once = [&]() -> std::size_t {
        if constexpr (What == up_to::snapshot) {
            return drover::take_metrics(program.runtime()).actors.size();
        } else if constexpr (What == up_to::families) {
            return drover::runtime_metrics(program.runtime()).front().series.size();
        } else {
            return text_of(drover::runtime_metrics(program.runtime())).size();
        }
    };
    auto const usual = once();
    if (usual < types)
        return {{}, operations, 0, "a scrape has only " + std::to_string(usual) + " types or characters."};
    std::uint64_t different = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i)
        different += once() < usual / 10 * 9 ? 1 : 0;  // of a text, some digits
    auto const elapsed = clock.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of scrapes that lack something", different, 0)};
}

struct player {
    struct ball {
        std::uint64_t left;
        drover::ref<player, counted> other;
    };
    void operator()(ball b, drover::basic_context<counted>& me) {
        seen_ += 1;
        if (b.left == 0) {
            finished_->set_value(seen_);
        } else {
            auto const other = std::move(b.other);
            other.tell(ball{b.left - 1, me.self<player>()});
        }
    }
    std::promise<std::uint64_t>* finished_;
    std::uint64_t seen_ = 0;
};

/// Calls something every 10 ms, a hundred times as often as most servers scrape, until it goes.
template <class Work>
class every_10_ms {
public:
    explicit every_10_ms(Work work)
        : thread_([this, work] {
              while (!over_.load()) {
                  work();
                  std::this_thread::sleep_for(10ms);
              }
          }) {}
    ~every_10_ms() {
        over_.store(true);
        thread_.join();
    }
    every_10_ms(const every_10_ms&) = delete;
    every_10_ms& operator=(const every_10_ms&) = delete;

private:
    std::atomic<bool> over_{false};
    std::thread thread_;
};

enum class beside : std::uint8_t { nothing, scrapes, other_work };

/// Two actors throw a ball to and fro on one worker, while another thread does nothing, scrapes, or makes and writes
/// the same metrics without looking at the runtime: what that costs is the machine's part, and not the scrape's.
/// Figure: ns a throw.
template <beside What>
outcome ping_pong(std::uint64_t messages, std::size_t /*producers*/) {
    static many_types<counted> program;
    static auto const page = drover::runtime_metrics(program.runtime());
    std::promise<std::uint64_t> finished;
    drover::basic_runtime<counted> rt({.threads = 1});
    auto const ping = rt.spawn<player>(&finished);
    auto const pong = rt.spawn<player>(&finished);
    auto const throw_all = [&] {
        stopwatch const clock;
        ping.tell(player::ball{messages - 1, pong});
        auto const seen = await_answer(finished.get_future());
        return outcome{clock.elapsed(), messages, 0,
                       expect_equal("the last player's count of balls", seen, messages / 2)};
    };
    if constexpr (What == beside::scrapes) {
        every_10_ms const scraper([&] { benchmark::DoNotOptimize(text_of(drover::runtime_metrics(rt)).size()); });
        return throw_all();
    } else if constexpr (What == beside::other_work) {
        every_10_ms const worker([&] { benchmark::DoNotOptimize(text_of(page).size()); });
        return throw_all();
    } else {
        return throw_all();
    }
}

constexpr contender ways[] = {{"alone", &ping_pong<beside::nothing>},
                              {"scraped", &ping_pong<beside::scrapes>},
                              {"beside_other_work", &ping_pong<beside::other_work>}};

void single_scrapes(benchmark::internal::Benchmark* bench) {
    operations<1>(bench);
    bench->Iterations(smaller() == 1 ? 1'000 : 1);
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, snapshot, &scrape<counted, up_to::snapshot>)
    ->Name("scrape/100_types/snapshot")
    ->Apply(single_scrapes);
BENCHMARK_CAPTURE(measure_part, families, &scrape<counted, up_to::families>)
    ->Name("scrape/100_types/families")
    ->Apply(single_scrapes);
BENCHMARK_CAPTURE(measure_part, text, &scrape<counted, up_to::text>)
    ->Name("scrape/100_types/text")
    ->Apply(single_scrapes);
BENCHMARK_CAPTURE(measure_part, timed, &scrape<timed, up_to::text>)
    ->Name("scrape/100_types_timed/text")
    ->Apply(single_scrapes);
BENCHMARK_CAPTURE(measure_side_by_side, ping_pong, ways)->Name("scrape/ping_pong")->Apply(rounds<2'000'000, 1>);

}  // namespace benches
