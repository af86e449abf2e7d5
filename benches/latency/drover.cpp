// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "subjects.hpp"

namespace benches::latency {
namespace {

struct receiver {
    struct job {
        std::uint64_t number;
        instant due;
    };

    void operator()(job one) {
        seen_->handle(one.number, one.due, std::chrono::steady_clock::now(), warm_up_);
        all_->add(1);
    }

    observed* seen_;
    tally* all_;
    std::uint64_t warm_up_;
};

/// A member of a pool: each takes the next of the places that are there to be written to.
struct member : receiver {
    member(std::vector<observed>* places, std::atomic<std::size_t>* taken, tally* all, std::uint64_t warm_up)
        : receiver{&places->at(taken->fetch_add(1)), all, warm_up} {}

    using receiver::operator();
};

}  // namespace

measured drover_actor(const load& asked) {
    std::vector<observed> seen(1);
    tally all(asked.messages);
    drover::runtime rt({.threads = asked.threads});
    const auto target = rt.spawn<receiver>(seen.data(), &all, asked.warm_up);
    return drive(asked, all, seen, [&](std::uint64_t number, instant due) { target.tell(receiver::job{number, due}); });
}

measured drover_pool(const load& asked) {
    std::vector<observed> seen(pool_members);
    std::atomic<std::size_t> taken{0};
    tally all(asked.messages);
    drover::runtime rt({.threads = asked.threads});
    const auto target = drover::spawn_pool<member, drover::round_robin>(rt, {.members = pool_members}, &seen, &taken,
                                                                        &all, asked.warm_up);
    return drive(asked, all, seen, [&](std::uint64_t number, instant due) { target.tell(receiver::job{number, due}); });
}

}  // namespace benches::latency
