// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../savina/fork_join_throughput_actor.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

// Counts and does nothing else: what remains is the sending and the receiving.
struct counting_member {
    struct job {};

    void operator()(job) {
        if (++done_ == expected_) finished_->add(done_);
    }

    tally* finished_;
    std::uint64_t expected_;
    std::uint64_t done_ = 0;
};

template <class Member, std::size_t Outbox, std::size_t Workers>
outcome fan_out(std::uint64_t messages, std::size_t) {
    return fork_join_from_actor<Member, Outbox>(messages, Workers);
}

// The same in waves, each sent when the last member has done the one before: what is on its way stays in the caches.
constexpr std::uint64_t jobs_in_wave = 64;

struct next_wave {};

struct wave {
    std::atomic<std::size_t> busy{0};
    drover::recipient<next_wave> sender;
};

struct wave_member {
    struct job {};

    void operator()(job) {
        done_ += 1;
        if (done_ % jobs_in_wave == 0 && wave_->busy.fetch_sub(1, std::memory_order_acq_rel) == 1)
            wave_->sender.tell(next_wave{});
    }

    wave* wave_;
    std::uint64_t done_ = 0;
};

template <std::size_t Outbox>
struct wave_sender {
    using outbox = drover::outbox<Outbox>;

    void operator()(next_wave, drover::context& self) {
        if (members_.empty())
            for (std::size_t i = 0; i < shape::fork_join_actors; ++i)
                members_.push_back(self.spawn<wave_member>(wave_));
        if (left_ == 0) return finished_->add(sent_);
        left_ -= 1;
        sent_ += jobs_in_wave * members_.size();
        wave_->busy.store(members_.size(), std::memory_order_release);
        for (std::uint64_t i = 0; i < jobs_in_wave; ++i)
            for (auto const& member : members_) member.tell(wave_member::job{});
    }

    wave* wave_;
    std::uint64_t left_;
    tally* finished_;
    std::uint64_t sent_ = 0;
    std::vector<drover::ref<wave_member>> members_{};
};

template <std::size_t Outbox, std::size_t Workers>
outcome waves(std::uint64_t messages, std::size_t) {
    auto const count = shape::share(messages, jobs_in_wave * shape::fork_join_actors);
    auto const all = count * jobs_in_wave * shape::fork_join_actors;
    tally finished(all);
    wave shared;
    drover::runtime rt({.threads = Workers});
    auto const root = rt.spawn<wave_sender<Outbox>>(&shared, count, &finished);
    shared.sender = root;

    stopwatch const clock;
    root.tell(next_wave{});
    finished.wait();
    return {clock.elapsed(), all, 0, expect_equal("the number of jobs done", finished.total(), all)};
}

template <class Member, std::size_t Workers>
constexpr std::array all_at_once{
    contender{"tell", &fan_out<Member, 0, Workers>},
    contender{"outbox_8", &fan_out<Member, 8, Workers>},
    contender{"outbox_64", &fan_out<Member, 64, Workers>},
    contender{"outbox_512", &fan_out<Member, 512, Workers>},
};

template <std::size_t Workers>
constexpr std::array in_waves{
    contender{"tell", &waves<0, Workers>},
    contender{"outbox_8", &waves<8, Workers>},
    contender{"outbox_64", &waves<64, Workers>},
    contender{"outbox_512", &waves<512, Workers>},
};

}  // namespace

// Fork-join throughput with an actor as the sender, by single tells and through outboxes of several sizes. What is sent
// from one handler waits in the mailboxes, and the whole of it is far more than the caches hold; a wave is not.
BENCHMARK_CAPTURE(measure_side_by_side, sines, all_at_once<throughput_member, 2>)
    ->Name("outbox/fork_join_throughput")
    ->Apply(rounds<600'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, counts, all_at_once<counting_member, 2>)
    ->Name("outbox/fan_out")
    ->Apply(rounds<600'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, waves, in_waves<2>)->Name("outbox/waves")->Apply(rounds<600'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, waves_on_one_worker, in_waves<1>)
    ->Name("outbox/waves_on_one_worker")
    ->Apply(rounds<600'000, 1>);

}  // namespace benches
