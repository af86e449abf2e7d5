// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fan_in.hpp"
#include "random_numbers.hpp"
#include "shape/banking.hpp"

namespace benches {

struct bank_account;

struct bank_teller {
    struct start {
        std::vector<drover::ref<bank_account>> accounts;
        std::uint64_t transactions;
    };
    struct done {};

    void operator()(start s);
    void operator()(done);

    std::vector<drover::ref<bank_account>> accounts_{};
    std::uint64_t left_ = 0;
};

struct bank_account {
    struct credit {
        drover::ref<bank_account> to;
        std::uint64_t amount;
    };
    struct debit {
        std::uint64_t amount;
    };
    struct receipt {};
    struct report {};

    drover::task<> operator()(credit c) {
        balance_ -= c.amount;
        co_await c.to.ask(debit{c.amount});
        teller_.tell(bank_teller::done{});
    }
    receipt operator()(debit d) {
        balance_ += d.amount;
        return {};
    }
    void operator()(report) { sink_.tell(fan_in_sink::value{shape::weighed_balance(place_, balance_)}); }

    drover::ref<fan_in_sink> sink_;
    drover::ref<bank_teller> teller_;
    std::uint64_t place_;
    std::uint64_t balance_ = shape::first_balance;
};

inline void bank_teller::operator()(start s) {
    accounts_ = std::move(s.accounts);
    left_ = s.transactions;
    random_numbers random(0);
    for (std::uint64_t i = 0; i < s.transactions; ++i) {
        auto const next = shape::next_transaction(random);
        accounts_[next.from].tell(bank_account::credit{accounts_[next.to], next.amount});
    }
}
inline void bank_teller::operator()(done) {
    if (--left_ != 0) return;
    for (auto const& account : accounts_) account.tell(bank_account::report{});
}

/// Banking: a teller sends `messages` transfers to 1000 accounts from one handler; an account that shall pay asks the
/// other to take the money, waits for its receipt, here in a handler that is a coroutine, and tells the teller. Four
/// messages a transfer, and two an account in the end. Senders: all. Time: from the main thread's start message until a
/// sink has told it the sum of the balances, each times its account's place. Figure: ns per transfer. Savina's sizes
/// (Imam and Sarkar 2014): 1 000 accounts, 50 000 transfers.
inline outcome banking(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::accounts);
    auto const teller = rt.spawn<bank_teller>();
    std::vector<drover::ref<bank_account>> accounts;
    for (std::uint64_t place = 0; place < shape::accounts; ++place)
        accounts.push_back(rt.spawn<bank_account>(sink, teller, place));

    stopwatch const clock;
    teller.tell(bank_teller::start{std::move(accounts), messages});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, messages, usage_of_threads("drover/").threads, "the weighed sum of the balances", answer,
                   shape::banking_expected(messages));
}

}  // namespace benches
