// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "workloads.hpp"

#include <drover/drover.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <latch>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches::scale {
namespace {

void check(const std::string& what, std::uint64_t got, std::uint64_t want) {
    if (const auto wrong = expect_equal(what, got, want); !wrong.empty()) throw std::runtime_error(wrong);
}

double per(std::chrono::nanoseconds elapsed, std::uint64_t messages) {
    return static_cast<double>(elapsed.count()) / static_cast<double>(messages);
}

/// Processor time of the calling thread. Where one worker does everything, that is what the work took, however busy the
/// machine is with other things.
std::chrono::nanoseconds spent_by_thread() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

/// What the actors of one worker write down, and the main thread reads when it has the answer.
class stint {
public:
    void begin() { began_ = spent_by_thread(); }
    void end(std::uint64_t answer) {
        took_ = spent_by_thread() - began_;
        answer_.set_value(answer);
    }

    /// Call once, before `took`.
    std::uint64_t answer() { return await_answer(answer_.get_future()); }
    std::chrono::nanoseconds took() const { return took_; }

private:
    std::chrono::nanoseconds began_{};
    std::chrono::nanoseconds took_{};
    std::promise<std::uint64_t> answer_;
};

// --- actors: bytes --------------------------------------------------------------------------------------------------

struct idler {
    struct greeting {
        tally* all;
    };

    void operator()(greeting g) {
        value_ += 1;
        g.all->add(value_);
    }

    std::uint64_t value_ = 0;
};

// --- actors: cost ---------------------------------------------------------------------------------------------------

struct hopper {
    struct join {
        drover::ref<hopper> next;
    };
    struct token {
        std::uint64_t hops_left;
    };
    struct start {
        const std::vector<drover::ref<hopper>>* ring;
        std::uint64_t tokens;
        std::uint64_t hops;
    };

    void operator()(join j) {
        next_ = std::move(j.next);
        joined_->add(1);
    }
    void operator()(start s) {
        all_->begin();
        for (std::uint64_t each = 0; each != s.tokens; ++each)
            (*s.ring)[each * s.ring->size() / s.tokens].tell(token{s.hops - 1});
    }
    void operator()(token t) {
        if (t.hops_left != 0) {
            next_.tell(token{t.hops_left - 1});
        } else if (--*tokens_left_ == 0) {
            all_->end(0);
        }
    }

    tally* joined_;
    stint* all_;
    std::uint64_t* tokens_left_;
    drover::ref<hopper> next_{};
};

// --- senders ----------------------------------------------------------------------------------------------------------

struct summer {
    struct number {
        std::uint64_t value;
    };

    void operator()(number n) {
        sum_ += n.value;
        if (++seen_ != expected_) return;
        *ended_ = std::chrono::steady_clock::now();
        answer_->set_value(sum_);
    }

    std::promise<std::uint64_t>* answer_;
    std::chrono::steady_clock::time_point* ended_;
    std::uint64_t expected_;
    std::uint64_t sum_ = 0;
    std::uint64_t seen_ = 0;
};

// --- members ----------------------------------------------------------------------------------------------------------

struct job {
    std::uint64_t number;
};

struct worker;
using crew = drover::pool<worker, drover::round_robin>;

struct foreman {
    struct start {
        crew to;
        std::uint64_t bursts;
    };
    struct done {};

    void operator()(start s);
    void operator()(done d);
    void send();

    stint* all_;
    std::uint64_t* sum_;
    std::uint64_t* handled_;
    crew to_{};
    std::uint64_t bursts_left_ = 0;
};

struct worker {
    void operator()(job one) {
        // One worker thread runs all, so this is no matter for atomics.
        *sum_ += one.number;
        if (++*handled_ % members_burst == 0) foreman_.tell(foreman::done{});
    }

    std::uint64_t* sum_;
    std::uint64_t* handled_;
    drover::ref<foreman> foreman_;
};

void foreman::operator()(start s) {
    to_ = std::move(s.to);
    bursts_left_ = s.bursts;
    all_->begin();
    send();
}
void foreman::operator()(done) {
    if (--bursts_left_ != 0) {
        send();
    } else {
        all_->end(*sum_);
    }
}
void foreman::send() {
    for (std::uint64_t number = 0; number != members_burst; ++number) to_.tell(job{number});
}

// --- payloads ---------------------------------------------------------------------------------------------------------

template <std::size_t Bytes>
struct parcel {
    std::array<std::uint64_t, Bytes / 8> words;
};

template <std::size_t Bytes>
struct reader;

template <std::size_t Bytes>
struct writer {
    struct start {
        drover::ref<reader<Bytes>> to;
        std::uint64_t bursts;
    };
    struct done {
        std::uint64_t sum;
    };

    void operator()(start s) {
        to_ = std::move(s.to);
        bursts_left_ = s.bursts;
        all_->begin();
        send();
    }
    void operator()(done d) {
        if (--bursts_left_ != 0) {
            send();
        } else {
            all_->end(d.sum);
        }
    }
    void send() {
        for (std::uint64_t number = 0; number != payload_burst; ++number) {
            parcel<Bytes> one;
            one.words.fill(number);
            to_.tell(one);
        }
    }

    stint* all_;
    drover::ref<reader<Bytes>> to_{};
    std::uint64_t bursts_left_ = 0;
};

template <std::size_t Bytes>
struct reader {
    void operator()(const parcel<Bytes>& one) {
        // All of it, as a receiver does who wants it.
        sum_ += std::accumulate(one.words.begin(), one.words.end(), std::uint64_t{0});
        if (++seen_ % payload_burst == 0) writer_.tell(typename writer<Bytes>::done{sum_});
    }

    drover::ref<writer<Bytes>> writer_;
    std::uint64_t seen_ = 0;
    std::uint64_t sum_ = 0;
};

template <std::size_t Bytes>
double cost_of_bytes(std::uint64_t bursts) {
    stint all;
    drover::runtime rt({.threads = 1});
    const auto from = rt.spawn<writer<Bytes>>(&all);
    from.tell(typename writer<Bytes>::start{rt.spawn<reader<Bytes>>(from), bursts});
    check("the sum of what was sent", all.answer(), Bytes / 8 * bursts * (payload_burst * (payload_burst - 1) / 2));
    return per(all.took(), bursts * payload_burst);
}

}  // namespace

double cell_bytes() {
    using pool = drover::block_pool;
    return static_cast<double>(pool::bytes_of(pool::class_of(sizeof(drover::actor_cell<idler, drover::features>))));
}

double bytes_of_actors(std::uint64_t actors, bool) {
    tally first(1);
    tally all(actors);
    drover::runtime rt({.threads = 2});
    rt.spawn<idler>().tell(idler::greeting{&first});  // what the first actor ever costs is no growth
    first.wait();
    const std::uint64_t before = resident_bytes();
    for (std::uint64_t each = 0; each != actors; ++each) rt.spawn<idler>().tell(idler::greeting{&all});
    all.wait();
    const std::uint64_t after = resident_bytes();
    check("the number of messages handled", all.total(), actors);
    // Memory grows by pages, so less than one cannot be seen.
    constexpr std::uint64_t page = 4096;
    return static_cast<double>(std::max(after - std::min(before, after), page)) / static_cast<double>(actors);
}

double cost_of_hops(std::uint64_t actors, bool quick) {
    constexpr std::uint64_t most_tokens = 64;
    const std::uint64_t tokens = std::min(actors, most_tokens);
    const std::uint64_t hops = (quick ? 100'000 : std::max<std::uint64_t>(2'000'000, 3 * actors)) / tokens;
    std::uint64_t tokens_left = tokens;
    tally joined(actors);
    stint all;
    std::vector<drover::ref<hopper>> ring;
    drover::runtime rt({.threads = 1});
    for (std::uint64_t each = 0; each != actors; ++each) ring.push_back(rt.spawn<hopper>(&joined, &all, &tokens_left));
    std::shuffle(ring.begin(), ring.end(), std::mt19937_64(1));  // the same order each time
    for (std::size_t each = 0; each != ring.size(); ++each)
        ring[each].tell(hopper::join{ring[(each + 1) % ring.size()]});
    joined.wait();
    ring.front().tell(hopper::start{&ring, tokens, hops});
    check("the answer of the last token", all.answer(), 0);
    return per(all.took(), tokens * hops);
}

double cost_from_senders(std::uint64_t senders, bool quick) {
    const std::uint64_t each = (quick ? 20'000 : 1'000'000) / senders;
    std::promise<std::uint64_t> finished;
    auto answer = finished.get_future();
    std::chrono::steady_clock::time_point ended;
    std::vector<std::chrono::steady_clock::time_point> began(senders);
    drover::runtime rt({.threads = 1});
    const auto target = rt.spawn<summer>(&finished, &ended, each * senders);
    std::latch start(static_cast<std::ptrdiff_t>(senders));
    std::vector<std::thread> threads;
    for (std::uint64_t number = 0; number != senders; ++number) {
        threads.emplace_back([&start, &mine = began[number], target, each] {
            start.arrive_and_wait();
            mine = std::chrono::steady_clock::now();
            for (std::uint64_t value = 0; value != each; ++value) target.tell(summer::number{value});
        });
    }
    const std::uint64_t sum = await_answer(std::move(answer));
    for (std::thread& thread : threads) thread.join();
    check("the sum of the numbers", sum, senders * (each * (each - 1) / 2));
    return per(ended - *std::min_element(began.begin(), began.end()), each * senders);
}

double cost_of_members(std::uint64_t members, bool quick) {
    const std::uint64_t bursts = (quick ? 20'000 : 2'000'000) / members_burst;
    std::uint64_t sum = 0;
    std::uint64_t handled = 0;
    stint all;
    drover::runtime rt({.threads = 1});
    const auto chief = rt.spawn<foreman>(&all, &sum, &handled);
    const auto pool = drover::spawn_pool<worker, drover::round_robin>(rt, {.members = members}, &sum, &handled, chief);
    chief.tell(foreman::start{pool, bursts});
    check("the sum of the numbers", all.answer(), bursts * (members_burst * (members_burst - 1) / 2));
    return per(all.took(), bursts * members_burst);
}

double cost_of_payload(std::uint64_t bytes, bool quick) {
    const std::uint64_t bursts =
        (quick ? 3'200 : std::min<std::uint64_t>(1'000'000, 3'000'000'000 / bytes)) / payload_burst;
    switch (bytes) {
        case 8: return cost_of_bytes<8>(bursts);
        case 32: return cost_of_bytes<32>(bursts);
        case 128: return cost_of_bytes<128>(bursts);
        case 512: return cost_of_bytes<512>(bursts);
        case 2048: return cost_of_bytes<2048>(bursts);
        case 8192: return cost_of_bytes<8192>(bursts);
        case 32768: return cost_of_bytes<32768>(bursts);
        default: throw std::runtime_error("no payload of " + std::to_string(bytes) + " bytes");
    }
}

}  // namespace benches::scale
