// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <utility>
#include <vector>

#include "../savina/random_numbers.hpp"
#include "../savina/shape/banking.hpp"
#include "../savina/shape/logistic_map.hpp"
#include "../savina/shapes.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "caf_rows.hpp"
#include "caf_system.hpp"

// Actors that wait for another's answer before they take their next message. They keep what comes meanwhile in a queue
// of their own, as in Savina's "manual stash": with request and await, CAF 0.17 goes through the whole mailbox for each
// answer.

namespace benches::caf_rows {
namespace {

using compute_atom = caf::atom_constant<caf::atom("compute")>;
using term_atom = caf::atom_constant<caf::atom("term")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using get_atom = caf::atom_constant<caf::atom("get")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;
using debit_atom = caf::atom_constant<caf::atom("debit")>;
using receipt_atom = caf::atom_constant<caf::atom("receipt")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using report_atom = caf::atom_constant<caf::atom("report")>;

class rate_computer : public caf::event_based_actor {
public:
    rate_computer(caf::actor_config& config, double rate) : caf::event_based_actor(config), rate_(rate) {}

    caf::behavior make_behavior() override {
        return {[this](compute_atom, double term) {
            return caf::make_message(term_atom::value, shape::next_term(rate_, term));
        }};
    }

private:
    double rate_;
};

class series_worker : public caf::event_based_actor {
public:
    series_worker(caf::actor_config& config, caf::actor sink, caf::actor computer, double term)
        : caf::event_based_actor(config), sink_(std::move(sink)), computer_(std::move(computer)), term_(term) {}

    caf::behavior make_behavior() override {
        return {[this](next_atom) {
                    if (left_++ == 0) ask();
                },
                [this](term_atom, double term) {
                    term_ = term;
                    if (--left_ != 0)
                        ask();
                    else if (asked_for_)
                        report();
                },
                [this](get_atom) {
                    asked_for_ = true;
                    if (left_ == 0) report();
                }};
    }

private:
    void ask() { send(computer_, compute_atom::value, term_); }
    void report() { send(sink_, value_atom::value, shape::whole_term(term_)); }

    caf::actor sink_;
    caf::actor computer_;
    double term_;
    std::uint64_t left_ = 0;  // with the one under way
    bool asked_for_ = false;
};

class series_master : public caf::event_based_actor {
public:
    series_master(caf::actor_config& config, std::vector<caf::actor> workers)
        : caf::event_based_actor(config), workers_(std::move(workers)) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t terms) {
            for (std::uint64_t i = 0; i < terms; ++i)
                for (auto const& worker : workers_) send(worker, next_atom::value);
            for (auto const& worker : workers_) send(worker, get_atom::value);
        }};
    }

private:
    std::vector<caf::actor> workers_;
};

// A report comes when all transfers are done, so it never has to wait.
class account : public caf::event_based_actor {
public:
    account(caf::actor_config& config, caf::actor sink, caf::actor teller, std::uint64_t place)
        : caf::event_based_actor(config), sink_(std::move(sink)), teller_(std::move(teller)), place_(place) {}

    caf::behavior make_behavior() override {
        return {[this](credit_atom, caf::actor const& to, std::uint64_t amount) {
                    if (waits_)
                        stash_.push_back({to, amount, true});
                    else
                        pay(to, amount);
                },
                [this](debit_atom, caf::actor const& from, std::uint64_t amount) {
                    if (waits_)
                        stash_.push_back({from, amount, false});
                    else
                        take(from, amount);
                },
                [this](receipt_atom) {
                    waits_ = false;
                    send(teller_, done_atom::value);
                    while (!waits_ && !stash_.empty()) {
                        auto const next = std::move(stash_.front());
                        stash_.pop_front();
                        if (next.pays)
                            pay(next.other, next.amount);
                        else
                            take(next.other, next.amount);
                    }
                },
                [this](report_atom) { send(sink_, value_atom::value, shape::weighed_balance(place_, balance_)); }};
    }
    void on_exit() override { teller_ = nullptr; }

private:
    struct stashed {
        caf::actor other;
        std::uint64_t amount;
        bool pays;
    };

    void pay(caf::actor const& to, std::uint64_t amount) {
        balance_ -= amount;
        send(to, debit_atom::value, caf::actor(this), amount);
        waits_ = true;
    }
    void take(caf::actor const& from, std::uint64_t amount) {
        balance_ += amount;
        send(from, receipt_atom::value);
    }

    caf::actor sink_;
    caf::actor teller_;
    std::uint64_t place_;
    std::uint64_t balance_ = shape::first_balance;
    bool waits_ = false;
    std::deque<stashed> stash_;
};

class teller : public caf::event_based_actor {
public:
    explicit teller(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::vector<caf::actor> const& accounts, std::uint64_t transactions) {
                    accounts_ = accounts;
                    left_ = transactions;
                    random_numbers random(0);
                    for (std::uint64_t i = 0; i < transactions; ++i) {
                        auto const next = shape::next_transaction(random);
                        send(accounts_[next.from], credit_atom::value, accounts_[next.to], next.amount);
                    }
                },
                [this](done_atom) {
                    if (--left_ != 0) return;
                    for (auto const& each : accounts_) send(each, report_atom::value);
                }};
    }
    void on_exit() override { accounts_.clear(); }

private:
    std::vector<caf::actor> accounts_;
    std::uint64_t left_ = 0;
};

}  // namespace

outcome logistic_map(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::series);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, std::uint64_t{shape::series});
    std::vector<caf::actor> workers;
    for (std::size_t which = 0; which < shape::series; ++which)
        workers.push_back(system->spawn<series_worker>(sink, system->spawn<rate_computer>(shape::series_rate(which)),
                                                       shape::first_term(which)));
    auto const master = system->spawn<series_master>(workers);

    stopwatch const clock;
    caf::anon_send(master, go_atom::value, each);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::series, system.workers(), "the sum of the last terms", answer,
                   shape::logistic_map_expected(each));
}

outcome banking(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, shape::accounts);
    auto const counter = system->spawn<teller>();
    std::vector<caf::actor> accounts;
    for (std::uint64_t place = 0; place < shape::accounts; ++place)
        accounts.push_back(system->spawn<account>(sink, counter, place));

    stopwatch const clock;
    caf::anon_send(counter, go_atom::value, accounts, messages);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(counter);
    return checked(elapsed, messages, workers, "the weighed sum of the balances", answer,
                   shape::banking_expected(messages));
}

}  // namespace benches::caf_rows
