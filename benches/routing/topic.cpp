// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../support/finish.hpp"
#include "../support/google.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {
namespace {

constexpr std::size_t subscribers = 1000;

struct quote {
    std::uint64_t price;
    std::uint64_t more[3];
};

// Adds up the prices; whoever has seen all of its messages gives the sum to the tally.
struct reader {
    void operator()(quote const& q) {
        sum_ += q.price;
        seen_ += 1;
        if (seen_ == rounds_) all_->add(sum_);
    }

    std::uint64_t rounds_;
    tally* all_;
    std::uint64_t sum_ = 0;
    std::uint64_t seen_ = 0;
};

struct go {
    std::uint64_t rounds;
};

template <class Give>
struct source {
    void operator()(go g) {
        for (std::uint64_t i = 1; i <= g.rounds; ++i) give_(quote{i, {}});
    }

    Give give_;
};

/// `messages` deliveries to 1 000 actors, from the main thread or from an actor, each round by one call of what `make`
/// gives. Figure: ns per delivery until the last one has been handled.
template <class Make>
outcome deliver(std::uint64_t messages, std::size_t threads, bool from_actor, Make make) {
    std::uint64_t const rounds = messages / subscribers;
    std::uint64_t const sum = subscribers * (rounds * (rounds + 1) / 2);
    tally all(sum);
    drover::runtime rt({.threads = threads});
    std::vector<drover::ref<reader>> readers;
    for (std::size_t i = 0; i != subscribers; ++i) readers.push_back(rt.spawn<reader>(rounds + 1, &all));
    auto const give = make(rt, readers);
    give(quote{0, {}});  // the first publication makes the list of subscribers
    auto const root = rt.spawn<source<std::decay_t<decltype(give)>>>(give);

    stopwatch const clock;
    if (from_actor) {
        root.tell(go{rounds});
    } else {
        for (std::uint64_t i = 1; i <= rounds; ++i) give(quote{i, {}});
    }
    all.wait();
    auto const elapsed = clock.elapsed();
    return {elapsed, rounds * subscribers, usage_of_threads("drover/").threads,
            expect_equal("the sum of all prices", all.total(), sum)};
}

constexpr auto one_by_one = [](drover::runtime&, std::vector<drover::ref<reader>> const& readers) {
    return [readers](quote const& q) {
        for (auto const& each : readers) each.tell(q);
    };
};

constexpr auto by_topic = [](drover::runtime& rt, std::vector<drover::ref<reader>> const& readers) {
    drover::topic<quote> const topic(rt);
    for (auto const& each : readers) topic.subscribe(each);
    return [topic](quote const& q) { topic.publish(q); };
};

outcome tells_from_outside(std::uint64_t messages, std::size_t threads) {
    return deliver(messages, threads, false, one_by_one);
}
outcome publications_from_outside(std::uint64_t messages, std::size_t threads) {
    return deliver(messages, threads, false, by_topic);
}
outcome tells_from_actor(std::uint64_t messages, std::size_t threads) {
    return deliver(messages, threads, true, one_by_one);
}
outcome publications_from_actor(std::uint64_t messages, std::size_t threads) {
    return deliver(messages, threads, true, by_topic);
}

}  // namespace

BENCHMARK_CAPTURE(measure, topic_tells_from_outside, &tells_from_outside)
    ->Name("topic_tells_from_outside")
    ->Apply(savina<1'000'000>);
BENCHMARK_CAPTURE(measure, topic_publications_from_outside, &publications_from_outside)
    ->Name("topic_publications_from_outside")
    ->Apply(savina<1'000'000>);
BENCHMARK_CAPTURE(measure, topic_tells_from_actor, &tells_from_actor)
    ->Name("topic_tells_from_actor")
    ->Apply(savina<1'000'000>);
BENCHMARK_CAPTURE(measure, topic_publications_from_actor, &publications_from_actor)
    ->Name("topic_publications_from_actor")
    ->Apply(savina<1'000'000>);

}  // namespace benches
