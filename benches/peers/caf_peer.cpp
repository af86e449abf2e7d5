// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <array>
#include <caf/all.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "../actor/timer_shapes.hpp"
#include "../savina/shapes.hpp"
#include "../support/computation.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "caf_rows.hpp"
#include "caf_system.hpp"
#include "peer.hpp"

// caf_system.hpp says how the workloads are written; more of them stand beside main, see caf_rows.hpp.

namespace benches {
namespace {

using meet_atom = caf::atom_constant<caf::atom("meet")>;
using ball_atom = caf::atom_constant<caf::atom("ball")>;
using close_atom = caf::atom_constant<caf::atom("close")>;
using token_atom = caf::atom_constant<caf::atom("token")>;
using increment_atom = caf::atom_constant<caf::atom("increment")>;
using retrieve_atom = caf::atom_constant<caf::atom("retrieve")>;
using question_atom = caf::atom_constant<caf::atom("question")>;
using end_atom = caf::atom_constant<caf::atom("end")>;
using alarm_atom = caf::atom_constant<caf::atom("alarm")>;
using job_atom = caf::atom_constant<caf::atom("job")>;

class player : public caf::event_based_actor {
public:
    player(caf::actor_config& config, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](meet_atom, caf::actor const& other) { other_ = other; },
                [this](ball_atom, std::uint64_t left) {
                    ++seen_;
                    if (left == 0)
                        finished_->set_value(seen_);
                    else
                        send(other_, ball_atom::value, left - 1);
                }};
    }
    void on_exit() override { other_ = nullptr; }

private:
    std::promise<std::uint64_t>* finished_;
    caf::actor other_;
    std::uint64_t seen_ = 0;
};

outcome ping_pong(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const ping = system->spawn<player>(&finished);
    auto const pong = system->spawn<player>(&finished);
    caf::anon_send(ping, meet_atom::value, pong);
    caf::anon_send(pong, meet_atom::value, ping);

    stopwatch const clock;
    caf::anon_send(ping, ball_atom::value, messages - 1);
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(ping, pong);
    return {elapsed, messages, workers,
            expect_equal("the last player's count of balls", seen, shape::last_players_balls(messages))};
}

class ring_member : public caf::event_based_actor {
public:
    ring_member(caf::actor_config& config, std::promise<std::uint64_t>* finished, std::uint64_t place, caf::actor next)
        : caf::event_based_actor(config), finished_(finished), place_(place), next_(std::move(next)) {}

    caf::behavior make_behavior() override {
        return {[this](close_atom, caf::actor const& first) { next_ = first; },
                [this](token_atom, std::uint64_t left) {
                    if (left == 0)
                        finished_->set_value(place_);
                    else
                        send(next_, token_atom::value, left - 1);
                }};
    }
    void on_exit() override { next_ = nullptr; }

private:
    std::promise<std::uint64_t>* finished_;
    std::uint64_t place_;
    caf::actor next_;
};

outcome thread_ring(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    std::vector<caf::actor> members{
        system->spawn<ring_member>(&finished, std::uint64_t{shape::ring_actors - 1}, caf::actor{})};
    for (std::uint64_t place = shape::ring_actors - 1; place-- > 0;)
        members.push_back(system->spawn<ring_member>(&finished, place, members.back()));
    caf::anon_send(members.front(), close_atom::value, members.back());

    stopwatch const clock;
    caf::anon_send(members.back(), token_atom::value, messages - 1);
    auto const place = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    for (auto const& member : members) system.end(member);
    return {elapsed, messages, workers,
            expect_equal("the last actor's place in the ring", place, shape::last_place(messages))};
}

class counter : public caf::event_based_actor {
public:
    explicit counter(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](increment_atom) { ++count_; }, [this](retrieve_atom) { return count_; }};
    }

private:
    std::uint64_t count_ = 0;
};

outcome counting(std::uint64_t messages, std::size_t threads) {
    system_under_test system(threads);
    caf::scoped_actor self{*system};
    auto const target = system->spawn<counter>();
    std::uint64_t count = 0;

    stopwatch const clock;
    for (std::uint64_t i = 0; i < messages; ++i)
        caf::anon_send(target, increment_atom::value);  // no sender: CAF's cheapest
    self->request(target, caf::infinite, retrieve_atom::value)
        .receive([&](std::uint64_t n) { count = n; }, [](caf::error const&) {});  // a failed request is a wrong count
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, system.workers(), expect_equal("the count", count, messages)};
}

class counting_producer : public caf::event_based_actor {
public:
    counting_producer(caf::actor_config& config, caf::actor target, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), target_(std::move(target)), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t messages) {
            for (std::uint64_t i = 0; i < messages; ++i) send(target_, increment_atom::value);
            request(target_, caf::infinite, retrieve_atom::value)
                .then([this](std::uint64_t count) { finished_->set_value(count); },
                      [this](caf::error const&) { finished_->set_value(0); });
        }};
    }

private:
    caf::actor target_;
    std::promise<std::uint64_t>* finished_;
};

outcome counting_actor(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const producer = system->spawn<counting_producer>(system->spawn<counter>(), &finished);

    stopwatch const clock;
    caf::anon_send(producer, go_atom::value, messages);
    auto const count = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, system.workers(), expect_equal("the count", count, messages)};
}

class fan_in_producer : public caf::event_based_actor {
public:
    fan_in_producer(caf::actor_config& config, caf::actor sink)
        : caf::event_based_actor(config), sink_(std::move(sink)) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t messages) {
            for (std::uint64_t i = 0; i < messages; ++i) send(sink_, value_atom::value, i);
        }};
    }

private:
    caf::actor sink_;
};

outcome fan_in(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::fan_in_producers);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, each * shape::fan_in_producers);
    std::array<caf::actor, shape::fan_in_producers> producers;
    for (auto& producer : producers) producer = system->spawn<fan_in_producer>(sink);

    stopwatch const clock;
    for (auto const& producer : producers) caf::anon_send(producer, go_atom::value, each);
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, each * shape::fan_in_producers, system.workers(),
            expect_equal("the sum at the sink", sum, shape::fan_in_sum(each))};
}

class pool_summer : public caf::event_based_actor {
public:
    pool_summer(caf::actor_config& config, caf::actor collector, std::uint64_t share)
        : caf::event_based_actor(config), collector_(std::move(collector)), share_(share) {}

    caf::behavior make_behavior() override {
        return {[this](value_atom, std::uint64_t number) {
            sum_ += number;
            if (++seen_ == share_) send(collector_, value_atom::value, sum_);
        }};
    }
    void on_exit() override { collector_ = nullptr; }

private:
    caf::actor collector_;
    std::uint64_t share_;
    std::uint64_t sum_ = 0;
    std::uint64_t seen_ = 0;
};

/// The numbers one by one, also where drover sends a batch: CAF's pool has nothing else.
outcome pool_round_robin(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::pool_share(messages);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const collector = system->spawn<fan_in_sink>(&finished, shape::pool_members);
    caf::scoped_execution_unit context(&*system);
    auto const pool = caf::actor_pool::make(
        &context, shape::pool_members,
        [&] { return system->spawn<pool_summer>(collector, each * shape::fan_in_producers / shape::pool_members); },
        caf::actor_pool::round_robin());
    std::array<caf::actor, shape::fan_in_producers> producers;
    for (auto& producer : producers) producer = system->spawn<fan_in_producer>(pool);

    stopwatch const clock;
    for (auto const& producer : producers) caf::anon_send(producer, go_atom::value, each);
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(pool);
    return {elapsed, each * shape::fan_in_producers, workers,
            expect_equal("the sum of the members", sum, shape::fan_in_sum(each))};
}

class throughput_member : public caf::event_based_actor {
public:
    throughput_member(caf::actor_config& config, tally* finished, std::uint64_t expected)
        : caf::event_based_actor(config), finished_(finished), expected_(expected) {}

    caf::behavior make_behavior() override {
        return {[this](job_atom) {
            if (perform_computation(savina_theta) && ++done_ == expected_) finished_->add(done_);
        }};
    }

private:
    tally* finished_;
    std::uint64_t expected_;
    std::uint64_t done_ = 0;
};

outcome fork_join_throughput(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::fork_join_actors);
    auto const all = each * shape::fork_join_actors;
    tally finished(all);
    system_under_test system(threads);

    stopwatch const clock;
    std::vector<caf::actor> members;
    members.reserve(shape::fork_join_actors);
    for (std::size_t i = 0; i < shape::fork_join_actors; ++i)
        members.push_back(system->spawn<throughput_member>(&finished, each));
    for (std::uint64_t i = 0; i < each; ++i)
        for (auto const& member : members) caf::anon_send(member, job_atom::value);
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, all, system.workers(), expect_equal("the number of jobs done", finished.total(), all)};
}

class throughput_sender : public caf::event_based_actor {
public:
    throughput_sender(caf::actor_config& config, tally* finished)
        : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t each) {
            members_.reserve(shape::fork_join_actors);
            for (std::size_t i = 0; i < shape::fork_join_actors; ++i)
                members_.push_back(spawn<throughput_member>(finished_, each));
            for (std::uint64_t i = 0; i < each; ++i)
                for (auto const& member : members_) send(member, job_atom::value);
        }};
    }
    void on_exit() override { members_.clear(); }

private:
    tally* finished_;
    std::vector<caf::actor> members_;
};

outcome fork_join_throughput_actor(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::fork_join_actors);
    auto const all = each * shape::fork_join_actors;
    tally finished(all);
    system_under_test system(threads);
    auto const root = system->spawn<throughput_sender>(&finished);

    stopwatch const clock;
    caf::anon_send(root, go_atom::value, each);
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, all, system.workers(), expect_equal("the number of jobs done", finished.total(), all)};
}

class one_shot : public caf::event_based_actor {
public:
    one_shot(caf::actor_config& config, tally* finished) : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](job_atom) {
            worked_ = perform_computation(savina_theta);
            quit();
        }};
    }
    void on_exit() override { finished_->add(worked_ ? 1 : 0); }

private:
    tally* finished_;
    bool worked_ = false;
};

outcome fork_join_create(std::uint64_t messages, std::size_t threads) {
    tally finished(messages);
    system_under_test system(threads);

    stopwatch const clock;
    for (std::uint64_t i = 0; i < messages; ++i) caf::anon_send(system->spawn<one_shot>(&finished), job_atom::value);
    finished.wait();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, system.workers(),
            expect_equal("the number of actors that did their job and stopped", finished.total(), messages)};
}

class doubler : public caf::event_based_actor {
public:
    explicit doubler(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[](question_atom, std::uint64_t number) { return 2 * number; }};
    }
};

// `await` and not `then`: no other message is taken until the answer is there, as in drover's coroutine.
class asker : public caf::event_based_actor {
public:
    asker(caf::actor_config& config, caf::actor target, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), target_(std::move(target)), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t count) { ask(count); }};
    }
    void on_exit() override { target_ = nullptr; }

private:
    void ask(std::uint64_t left) {
        request(target_, caf::infinite, question_atom::value, left)
            .await(
                [this, left](std::uint64_t answer) {
                    sum_ += answer;
                    if (left == 1)
                        finished_->set_value(sum_);
                    else
                        ask(left - 1);
                },
                [this](caf::error const&) { finished_->set_value(0); });
    }

    caf::actor target_;
    std::promise<std::uint64_t>* finished_;
    std::uint64_t sum_ = 0;
};

outcome ask_coroutine(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const target = system->spawn<doubler>();
    auto const first = system->spawn<asker>(target, &finished);

    stopwatch const clock;
    caf::anon_send(first, go_atom::value, messages);
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(first, target);
    return {elapsed, messages, workers, expect_equal("the sum of the answers", sum, messages * (messages + 1))};
}

class mortal : public caf::event_based_actor {
public:
    explicit mortal(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](end_atom) { quit(); }};
    }
};

class mourner : public caf::event_based_actor {
public:
    mourner(caf::actor_config& config, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), finished_(finished) {
        set_down_handler([this](caf::down_msg const& heard) {
            ended_ += heard.reason == caf::exit_reason::normal ? 1 : 0;
            if (--left_ == 0)
                finished_->set_value(ended_);
            else
                next();
        });
    }

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t count) {
            left_ = count;
            next();
        }};
    }

private:
    void next() {
        auto const child = spawn<mortal>();
        monitor(child);
        send(child, end_atom::value);
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t left_ = 0;
    std::uint64_t ended_ = 0;
};

outcome watch_stop(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const watcher = system->spawn<mourner>(&finished);

    stopwatch const clock;
    caf::anon_send(watcher, go_atom::value, messages);
    auto const ended = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(watcher);
    return {elapsed, messages, workers, expect_equal("the number of actors that ended when told to", ended, messages)};
}

class sleeper : public caf::event_based_actor {
public:
    sleeper(caf::actor_config& config, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t count) {
                    left_ = count;
                    for (std::uint64_t i = 0; i < count; ++i)
                        delayed_send(this, std::chrono::milliseconds(1 + timer_shape::spread(i) % 100),
                                     alarm_atom::value);
                },
                [this](alarm_atom) {
                    if (++seen_ == left_) finished_->set_value(seen_);
                }};
    }

private:
    std::promise<std::uint64_t>* finished_;
    std::uint64_t left_ = 0;
    std::uint64_t seen_ = 0;
};

outcome timer_fire(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const owner = system->spawn<sleeper>(&finished);

    stopwatch const clock;
    caf::anon_send(owner, go_atom::value, messages);
    auto const seen = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(owner);
    return {elapsed, messages, workers, expect_equal("the number of messages that came", seen, messages)};
}

}  // namespace
}  // namespace benches

/// One workload on CAF, in a fresh process; run.py starts it.
int main(int argc, char** argv) {
    using namespace benches;
    static constexpr std::array<peer::entry, 24> workloads{
        {{"ping_pong", &ping_pong},
         {"thread_ring", &thread_ring},
         {"counting", &counting},
         {"counting_actor", &counting_actor},
         {"fan_in", &fan_in},
         {"fork_join_throughput", &fork_join_throughput},
         {"fork_join_throughput_actor", &fork_join_throughput_actor},
         {"fork_join_create", &fork_join_create},
         {"ask_coroutine", &ask_coroutine},
         {"watch_stop", &watch_stop},
         {"timer_fire", &timer_fire},
         {"chameneos", &caf_rows::chameneos},
         {"big", &caf_rows::big},
         {"concurrent_dictionary", &caf_rows::concurrent_dictionary},
         {"concurrent_sorted_list", &caf_rows::concurrent_sorted_list},
         {"bounded_buffer", &caf_rows::bounded_buffer},
         {"dining_philosophers", &caf_rows::dining_philosophers},
         {"sleeping_barber", &caf_rows::sleeping_barber},
         {"cigarette_smokers", &caf_rows::cigarette_smokers},
         {"logistic_map", &caf_rows::logistic_map},
         {"banking", &caf_rows::banking},
         {"pool_round_robin", &pool_round_robin},
         {"pool_round_robin_batch", &pool_round_robin},
         {"ping_pong_counters", &ping_pong}}};
    return peer::run_one("caf", workloads, argc, argv);
}
