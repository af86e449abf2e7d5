// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fan_in.hpp"
#include "random_numbers.hpp"
#include "shape/big.hpp"
#include "shapes.hpp"

namespace benches {

struct big_actor {
    using neighbours = std::shared_ptr<std::vector<drover::ref<big_actor>> const>;

    struct meet {
        neighbours all;
    };
    struct start {
        std::uint64_t pings;
    };
    struct ping {
        std::uint64_t from;
    };
    struct pong {
        std::uint64_t from;
    };

    void operator()(meet m) { all_ = std::move(m.all); }
    void operator()(start s) {
        left_ = s.pings;
        send_ping();
    }
    void operator()(ping p) const { (*all_)[p.from].tell(pong{place_}); }
    void operator()(pong p) {
        if (p.from == pinged_) sum_ += p.from + 1;
        if (left_ == 0)
            sink_.tell(fan_in_sink::value{sum_});
        else
            send_ping();
    }

    void send_ping() {
        left_ -= 1;
        pinged_ = random_.below(shape::big_actors);
        (*all_)[pinged_].tell(ping{place_});
    }

    drover::ref<fan_in_sink> sink_;
    std::uint64_t place_;
    random_numbers random_{place_};
    neighbours all_{};
    std::uint64_t left_ = 0;
    std::uint64_t pinged_ = 0;
    std::uint64_t sum_ = 0;
};

/// Big: 120 actors, each of which pings one of all at random, waits for its pong, and goes on; `messages` pings in all,
/// 120 under way at any time, and as many pongs. Senders: all. Time: from the first start message until a sink has told
/// the main thread the sum of the places of those who sent the pongs, which are right only from the one that was
/// pinged. Figure: ns per ping, with its pong. Savina's sizes (Imam and Sarkar 2014): 120 actors, 20 000 pings each.
inline outcome big(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::big_actors);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::big_actors);
    std::vector<drover::ref<big_actor>> actors;
    for (std::uint64_t place = 0; place < shape::big_actors; ++place)
        actors.push_back(rt.spawn<big_actor>(sink, place));
    auto const all = std::make_shared<std::vector<drover::ref<big_actor>> const>(actors);
    for (auto const& actor : actors) actor.tell(big_actor::meet{all});

    stopwatch const clock;
    for (auto const& actor : actors) actor.tell(big_actor::start{each});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::big_actors, usage_of_threads("drover/").threads,
                   "the sum of the places of those who answered", answer, shape::big_expected(each));
}

}  // namespace benches
