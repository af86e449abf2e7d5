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

struct ring_member {
    struct close_ring {
        drover::ref<ring_member> first;
    };
    struct token {
        std::uint64_t left;
    };

    void operator()(close_ring c) { next_ = std::move(c.first); }
    void operator()(token t) {
        if (t.left == 0)
            finished_->set_value(place_);
        else
            next_.tell(token{t.left - 1});
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t place_;
    drover::ref<ring_member> next_{};
};

/// Thread ring: 100 actors stand in a ring and pass one token on; `messages` hops in all, one under way at any time.
/// Senders: each actor to its neighbour (the main thread sends the first hop). Time: from the first hop until the actor
/// that got the last one has told the main thread its place. Figure: ns per hop.
inline outcome thread_ring(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const last = rt.spawn<ring_member>(&finished, std::uint64_t{shape::ring_actors - 1});
    auto first = last;
    for (std::uint64_t place = shape::ring_actors - 1; place-- > 0;)
        first = rt.spawn<ring_member>(&finished, place, first);
    last.tell(ring_member::close_ring{first});

    stopwatch const clock;
    first.tell(ring_member::token{messages - 1});
    auto const place = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads,
            expect_equal("the last actor's place in the ring", place, shape::last_place(messages))};
}

}  // namespace benches
