// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/process.hpp"

// The workloads of benches/savina on CAF 0.17, as that library's users write them: class-based event-based actors (in a
// short trial, two runs a style, typed actors and stateful functions were not faster beyond the noise; nor was
// lazy_init where actors are created), atom constants as message names, the work-stealing scheduler with its default
// settings and two workers. Senders, counts, answers and what is timed are the same as on drover's side; each header of
// benches/savina and benches/actor describes its workload. CAF 0.17 has neither a timer that can be cancelled alone nor
// restarts.

namespace benches {

using go_atom = caf::atom_constant<caf::atom("go")>;
using value_atom = caf::atom_constant<caf::atom("value")>;

/// An actor system with the given number of workers that work-steal.
class system_under_test {
public:
    explicit system_under_test(std::size_t threads) : system_(configure(config_, threads)) {}

    caf::actor_system& operator*() { return system_; }
    caf::actor_system* operator->() { return &system_; }

    /// What the kernel sees: CAF names its workers, and nothing else, "caf.multiplexer". 0 if CAF itself says
    /// otherwise.
    std::size_t workers() {
        auto const seen = usage_of_threads("caf.multiplexer").threads;
        return seen == system_.scheduler().num_workers() ? seen : 0;
    }

    /// Actors that hold refs to each other in a ring keep each other alive, and the system would wait for them for
    /// ever.
    template <class... Actors>
    void end(Actors const&... actors) {
        (caf::anon_send_exit(actors, caf::exit_reason::user_shutdown), ...);
    }

private:
    static caf::actor_system_config& configure(caf::actor_system_config& config, std::size_t threads) {
        config.set("scheduler.policy", caf::atom("stealing"));
        config.set("scheduler.max-threads", threads);
        return config;
    }

    caf::actor_system_config config_;
    caf::actor_system system_;
};

/// Adds the numbers that are sent to it, and tells the main thread the sum of as many as are expected.
class fan_in_sink : public caf::event_based_actor {
public:
    fan_in_sink(caf::actor_config& config, std::promise<std::uint64_t>* finished, std::uint64_t expected)
        : caf::event_based_actor(config), finished_(finished), expected_(expected) {}

    caf::behavior make_behavior() override {
        return {[this](value_atom, std::uint64_t number) {
            sum_ += number;
            if (++seen_ == expected_) finished_->set_value(sum_);
        }};
    }

private:
    std::promise<std::uint64_t>* finished_;
    std::uint64_t expected_;
    std::uint64_t seen_ = 0;
    std::uint64_t sum_ = 0;
};

}  // namespace benches
