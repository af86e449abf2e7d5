// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "shapes.hpp"

namespace benches {

struct ping_pong_player {
    struct meet {
        drover::ref<ping_pong_player> other;
    };
    struct ball {
        std::uint64_t left;
    };

    void operator()(meet m) { other_ = std::move(m.other); }
    void operator()(ball b) {
        ++seen_;
        if (b.left == 0)
            finished_->set_value(seen_);
        else
            other_.tell(ball{b.left - 1});
    }

    std::promise<std::uint64_t>* finished_;
    drover::ref<ping_pong_player> other_{};
    std::uint64_t seen_ = 0;
};

/// Ping-pong: two actors throw one ball to and fro; `messages` throws in all, one under way at any time. Senders: the
/// two actors, in turn (the main thread throws the first ball). Time: from the first throw until the player with the
/// last ball has told the main thread how many balls it saw. Figure: ns per throw.
inline outcome ping_pong(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const ping = rt.spawn<ping_pong_player>(&finished);
    auto const pong = rt.spawn<ping_pong_player>(&finished);
    ping.tell(ping_pong_player::meet{pong});
    pong.tell(ping_pong_player::meet{ping});

    stopwatch const clock;
    ping.tell(ping_pong_player::ball{messages - 1});
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the last player's count of balls", seen, shape::last_players_balls(messages))};
}

}  // namespace benches
