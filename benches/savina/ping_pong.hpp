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

template <class F>
struct basic_ping_pong_player {
    using ref = drover::ref<basic_ping_pong_player, F>;
    struct meet {
        ref other;
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
    ref other_{};
    std::uint64_t seen_ = 0;
};

/// Ping-pong: two actors throw one ball to and fro; `messages` throws in all, one under way at any time. Senders: the
/// two actors, in turn (the main thread throws the first ball). Time: from the first throw until the player with the
/// last ball has told the main thread how many balls it saw. Figure: ns per throw. `F`: what is measured of it. What
/// `begin(rt)` gives stands around the first throw.
template <class F, class Begin>
outcome ping_pong_begun(std::uint64_t messages, std::size_t threads, Begin begin) {
    using player = basic_ping_pong_player<F>;
    std::promise<std::uint64_t> finished;
    drover::basic_runtime<F> rt({.threads = threads});
    auto const ping = rt.template spawn<player>(&finished);
    auto const pong = rt.template spawn<player>(&finished);
    ping.tell(typename player::meet{pong});
    pong.tell(typename player::meet{ping});

    stopwatch const clock;
    {
        [[maybe_unused]] auto const around = begin(rt);
        ping.tell(typename player::ball{messages - 1});
    }
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the last player's count of balls", seen, shape::last_players_balls(messages))};
}

template <class F>
outcome ping_pong_with(std::uint64_t messages, std::size_t threads) {
    return ping_pong_begun<F>(messages, threads, [](auto const&) { return nullptr; });
}

inline outcome ping_pong(std::uint64_t messages, std::size_t threads) {
    return ping_pong_with<drover::features>(messages, threads);
}

}  // namespace benches
