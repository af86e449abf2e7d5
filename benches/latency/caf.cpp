// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <caf/all.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../peers/caf_system.hpp"
#include "subjects.hpp"

// The receivers of drover.cpp on CAF; peers/caf_system.hpp says how that is written.

namespace benches::latency {
namespace {

using job_atom = caf::atom_constant<caf::atom("job")>;

class receiver : public caf::event_based_actor {
public:
    receiver(caf::actor_config& config, observed* seen, tally* all, std::uint64_t warm_up)
        : caf::event_based_actor(config), seen_(seen), all_(all), warm_up_(warm_up) {}

    caf::behavior make_behavior() override {
        return {[this](job_atom, std::uint64_t number, std::int64_t due) {
            seen_->handle(number, instant(std::chrono::nanoseconds(due)), std::chrono::steady_clock::now(), warm_up_);
            all_->add(1);
        }};
    }

private:
    observed* seen_;
    tally* all_;
    std::uint64_t warm_up_;
};

measured send_to(const caf::actor& target, const load& asked, tally& all, const std::vector<observed>& seen) {
    return drive(asked, all, seen, [&](std::uint64_t number, instant due) {
        caf::anon_send(target, job_atom::value, number, std::int64_t{due.time_since_epoch().count()});
    });
}

}  // namespace

measured caf_actor(const load& asked) {
    std::vector<observed> seen(1);
    tally all(asked.messages);
    system_under_test system(asked.threads);
    return send_to(system->spawn<receiver>(seen.data(), &all, asked.warm_up), asked, all, seen);
}

measured caf_pool(const load& asked) {
    std::vector<observed> seen(pool_members);
    tally all(asked.messages);
    system_under_test system(asked.threads);
    std::size_t next = 0;
    caf::scoped_execution_unit context(&*system);
    const auto pool = caf::actor_pool::make(
        &context, pool_members, [&] { return system->spawn<receiver>(&seen[next++], &all, asked.warm_up); },
        caf::actor_pool::round_robin());
    const measured result = send_to(pool, asked, all, seen);
    system.end(pool);
    return result;
}

}  // namespace benches::latency
