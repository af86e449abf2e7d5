// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <utility>
#include <vector>

#include "../savina/random_numbers.hpp"
#include "../savina/shape/bounded_buffer.hpp"
#include "../savina/shape/cigarette_smokers.hpp"
#include "../savina/shape/dining_philosophers.hpp"
#include "../savina/shape/sleeping_barber.hpp"
#include "../savina/shapes.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "caf_rows.hpp"
#include "caf_system.hpp"

// The problems that textbooks on concurrency have.

namespace benches::caf_rows {
namespace {

using item_atom = caf::atom_constant<caf::atom("item")>;
using available_atom = caf::atom_constant<caf::atom("available")>;
using produce_atom = caf::atom_constant<caf::atom("produce")>;
using produced_atom = caf::atom_constant<caf::atom("produced")>;
using finish_atom = caf::atom_constant<caf::atom("finish")>;
using hungry_atom = caf::atom_constant<caf::atom("hungry")>;
using eat_atom = caf::atom_constant<caf::atom("eat")>;
using denied_atom = caf::atom_constant<caf::atom("denied")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using leaves_atom = caf::atom_constant<caf::atom("leaves")>;
using enter_atom = caf::atom_constant<caf::atom("enter")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using sleep_atom = caf::atom_constant<caf::atom("sleep")>;
using close_atom = caf::atom_constant<caf::atom("close")>;
using returned_atom = caf::atom_constant<caf::atom("returned")>;
using served_atom = caf::atom_constant<caf::atom("served")>;
using full_atom = caf::atom_constant<caf::atom("full")>;
using wait_atom = caf::atom_constant<caf::atom("wait")>;
using sit_atom = caf::atom_constant<caf::atom("sit")>;
using smoke_atom = caf::atom_constant<caf::atom("smoke")>;
using started_atom = caf::atom_constant<caf::atom("started")>;

class buffer_manager : public caf::event_based_actor {
public:
    explicit buffer_manager(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::vector<caf::actor> const& producers, std::vector<caf::actor> const& consumers) {
                    producers_left_ = producers.size();
                    waiting_consumers_.assign(consumers.begin(), consumers.end());
                    for (auto const& producer : producers) send(producer, produce_atom::value);
                },
                [this](item_atom, double data, caf::actor const& from) {
                    if (waiting_consumers_.empty()) {
                        buffer_.push_back(data);
                    } else {
                        send(waiting_consumers_.front(), item_atom::value, data);
                        waiting_consumers_.pop_front();
                    }
                    if (buffer_.size() >= shape::buffer_room)
                        waiting_producers_.push_back(from);
                    else
                        send(from, produce_atom::value);
                },
                [this](available_atom, caf::actor const& who) {
                    if (buffer_.empty()) {
                        waiting_consumers_.push_back(who);
                        end_if_done();
                        return;
                    }
                    send(who, item_atom::value, buffer_.front());
                    buffer_.pop_front();
                    if (!waiting_producers_.empty()) {
                        send(waiting_producers_.front(), produce_atom::value);
                        waiting_producers_.pop_front();
                    }
                },
                [this](produced_atom) {
                    producers_left_ -= 1;
                    end_if_done();
                }};
    }
    void on_exit() override {
        waiting_producers_.clear();
        waiting_consumers_.clear();
    }

private:
    void end_if_done() {
        if (producers_left_ != 0 || waiting_consumers_.size() != shape::buffer_consumers) return;
        for (auto const& consumer : waiting_consumers_) send(consumer, finish_atom::value);
    }

    std::size_t producers_left_ = 0;
    std::deque<caf::actor> waiting_producers_;
    std::deque<caf::actor> waiting_consumers_;
    std::deque<double> buffer_;
};

class buffer_producer : public caf::event_based_actor {
public:
    buffer_producer(caf::actor_config& config, caf::actor manager, std::uint64_t items)
        : caf::event_based_actor(config), manager_(std::move(manager)), left_(items) {}

    caf::behavior make_behavior() override {
        return {[this](produce_atom) {
            if (left_ == 0) {
                send(manager_, produced_atom::value);
                return;
            }
            left_ -= 1;
            item_ = shape::process_item(item_);
            send(manager_, item_atom::value, item_, caf::actor(this));
        }};
    }
    void on_exit() override { manager_ = nullptr; }

private:
    caf::actor manager_;
    std::uint64_t left_;
    double item_ = 0;
};

class buffer_consumer : public caf::event_based_actor {
public:
    buffer_consumer(caf::actor_config& config, caf::actor sink, caf::actor manager)
        : caf::event_based_actor(config), sink_(std::move(sink)), manager_(std::move(manager)) {}

    caf::behavior make_behavior() override {
        return {[this](item_atom, double data) {
                    item_ = shape::process_item(item_ + data);
                    sum_ += shape::whole(data);
                    send(manager_, available_atom::value, caf::actor(this));
                },
                [this](finish_atom) { send(sink_, value_atom::value, sum_); }};
    }
    void on_exit() override { manager_ = nullptr; }

private:
    caf::actor sink_;
    caf::actor manager_;
    double item_ = 0;
    std::uint64_t sum_ = 0;
};

class arbitrator : public caf::event_based_actor {
public:
    arbitrator(caf::actor_config& config, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](hungry_atom, caf::actor const& who, std::uint64_t place) {
                    if (forks_.take(place))
                        send(who, eat_atom::value);
                    else
                        send(who, denied_atom::value);
                },
                [this](done_atom, std::uint64_t place) { eaten_ += forks_.put_back(place) ? 1 : 0; },
                [this](leaves_atom, std::uint64_t eaten) {
                    eaten_ += eaten;
                    if (--left_ == 0) finished_->set_value(eaten_ + forks_.free());
                }};
    }

private:
    std::promise<std::uint64_t>* finished_;
    shape::forks forks_;
    std::size_t left_ = shape::philosophers;
    std::uint64_t eaten_ = 0;
};

class philosopher : public caf::event_based_actor {
public:
    philosopher(caf::actor_config& config, caf::actor arbitrator, std::uint64_t place, std::uint64_t meals)
        : caf::event_based_actor(config), arbitrator_(std::move(arbitrator)), place_(place), meals_(meals) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom) { say_hungry(); }, [this](denied_atom) { say_hungry(); },
                [this](eat_atom) {
                    eaten_ += 1;
                    send(arbitrator_, done_atom::value, place_);
                    if (eaten_ < meals_)
                        send(this, go_atom::value);
                    else
                        send(arbitrator_, leaves_atom::value, eaten_);
                }};
    }

private:
    void say_hungry() { send(arbitrator_, hungry_atom::value, caf::actor(this), place_); }

    caf::actor arbitrator_;
    std::uint64_t place_;
    std::uint64_t meals_;
    std::uint64_t eaten_ = 0;
};

class barber : public caf::event_based_actor {
public:
    barber(caf::actor_config& config, std::promise<std::uint64_t>* finished)
        : caf::event_based_actor(config), finished_(finished) {}

    caf::behavior make_behavior() override {
        return {[this](enter_atom, caf::actor const& who, caf::actor const& room) {
                    send(who, sit_atom::value);
                    last_ = shape::pass_time(random_);
                    send(who, done_atom::value);
                    send(room, next_atom::value);
                },
                [](sleep_atom) {}, [this](close_atom, std::uint64_t sum) { finished_->set_value(sum + last_); }};
    }

private:
    std::promise<std::uint64_t>* finished_;
    random_numbers random_{shape::barber_random};
    std::uint64_t last_ = 0;
};

class barber_room : public caf::event_based_actor {
public:
    barber_room(caf::actor_config& config, caf::actor barber)
        : caf::event_based_actor(config), barber_(std::move(barber)) {}

    caf::behavior make_behavior() override {
        return {[this](enter_atom, caf::actor const& who) {
                    if (waiting_.size() == shape::waiting_room) {
                        send(who, full_atom::value);
                        return;
                    }
                    waiting_.push_back(who);
                    if (asleep_) {
                        asleep_ = false;
                        send(this, next_atom::value);
                    } else {
                        send(who, wait_atom::value);
                    }
                },
                [this](next_atom) {
                    if (waiting_.empty()) {
                        asleep_ = true;
                        send(barber_, sleep_atom::value);
                        return;
                    }
                    send(barber_, enter_atom::value, waiting_.front(), caf::actor(this));
                    waiting_.pop_front();
                },
                [this](close_atom, std::uint64_t sum) { send(barber_, close_atom::value, sum); }};
    }

private:
    caf::actor barber_;
    std::deque<caf::actor> waiting_;
    bool asleep_ = true;
};

class customer : public caf::event_based_actor {
public:
    customer(caf::actor_config& config, caf::actor street)
        : caf::event_based_actor(config), street_(std::move(street)) {}

    caf::behavior make_behavior() override {
        return {[this](full_atom) { send(street_, returned_atom::value, caf::actor(this)); }, [](wait_atom) {},
                [](sit_atom) {},
                [this](done_atom) {
                    send(street_, served_atom::value);
                    quit();
                }};
    }

private:
    caf::actor street_;
};

class street : public caf::event_based_actor {
public:
    street(caf::actor_config& config, caf::actor room) : caf::event_based_actor(config), room_(std::move(room)) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t customers) {
                    customers_ = customers;
                    for (std::uint64_t i = 0; i < customers; ++i) {
                        send(room_, enter_atom::value, spawn<customer>(caf::actor(this)));
                        last_ = shape::pass_time(random_);
                    }
                },
                [this](returned_atom, caf::actor const& who) { send(room_, enter_atom::value, who); },
                [this](served_atom) {
                    if (++served_ == customers_) send(room_, close_atom::value, last_ + served_);
                }};
    }

private:
    caf::actor room_;
    random_numbers random_{shape::street_random};
    std::uint64_t customers_ = 0;
    std::uint64_t served_ = 0;
    std::uint64_t last_ = 0;
};

class smokers_arbiter : public caf::event_based_actor {
public:
    explicit smokers_arbiter(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::vector<caf::actor> const& smokers, std::uint64_t rounds) {
                    smokers_ = smokers;
                    left_ = rounds;
                    begin_round();
                },
                [this](started_atom) {
                    if (left_ != 0) {
                        begin_round();
                        return;
                    }
                    for (auto const& each : smokers_) send(each, finish_atom::value);
                }};
    }
    void on_exit() override { smokers_.clear(); }

private:
    void begin_round() {
        left_ -= 1;
        auto const round = shape::next_smoking_round(random_);
        send(smokers_[round.smoker], smoke_atom::value, round.period);
    }

    std::vector<caf::actor> smokers_;
    std::uint64_t left_ = 0;
    random_numbers random_{0};
};

class smoker : public caf::event_based_actor {
public:
    smoker(caf::actor_config& config, caf::actor sink, caf::actor arbiter)
        : caf::event_based_actor(config), sink_(std::move(sink)), arbiter_(std::move(arbiter)) {}

    caf::behavior make_behavior() override {
        return {[this](smoke_atom, std::uint64_t period) {
                    send(arbiter_, started_atom::value);
                    sum_ += shape::smoke(period);
                },
                [this](finish_atom) { send(sink_, value_atom::value, sum_); }};
    }
    void on_exit() override { arbiter_ = nullptr; }

private:
    caf::actor sink_;
    caf::actor arbiter_;
    std::uint64_t sum_ = 0;
};

}  // namespace

outcome bounded_buffer(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::buffer_producers);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, std::uint64_t{shape::buffer_consumers});
    auto const manager = system->spawn<buffer_manager>();
    std::vector<caf::actor> producers;
    for (std::size_t i = 0; i < shape::buffer_producers; ++i)
        producers.push_back(system->spawn<buffer_producer>(manager, each));
    std::vector<caf::actor> consumers;
    for (std::size_t i = 0; i < shape::buffer_consumers; ++i)
        consumers.push_back(system->spawn<buffer_consumer>(sink, manager));

    stopwatch const clock;
    caf::anon_send(manager, go_atom::value, producers, consumers);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(manager);
    return checked(elapsed, each * shape::buffer_producers, workers, "the sum of the items consumed", answer,
                   shape::buffer_expected(each));
}

outcome dining_philosophers(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::philosophers);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const table = system->spawn<arbitrator>(&finished);
    std::vector<caf::actor> all;
    for (std::uint64_t place = 0; place < shape::philosophers; ++place)
        all.push_back(system->spawn<philosopher>(table, place, each));

    stopwatch const clock;
    for (auto const& one : all) caf::anon_send(one, go_atom::value);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::philosophers, system.workers(), "the number of meals and of free forks",
                   answer, shape::philosophers_expected(each));
}

outcome sleeping_barber(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const outside = system->spawn<street>(system->spawn<barber_room>(system->spawn<barber>(&finished)));

    stopwatch const clock;
    caf::anon_send(outside, go_atom::value, messages);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, messages, system.workers(), "the last numbers drawn, and the haircuts", answer,
                   shape::barber_expected(messages));
}

outcome cigarette_smokers(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, shape::smokers);
    auto const arbiter = system->spawn<smokers_arbiter>();
    std::vector<caf::actor> smokers;
    for (std::uint64_t i = 0; i < shape::smokers; ++i) smokers.push_back(system->spawn<smoker>(sink, arbiter));

    stopwatch const clock;
    caf::anon_send(arbiter, go_atom::value, smokers, messages);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(arbiter);
    return checked(elapsed, messages, workers, "the sum of the last numbers drawn", answer,
                   shape::smokers_expected(messages));
}

}  // namespace benches::caf_rows
