// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <unordered_map>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fan_in.hpp"
#include "random_numbers.hpp"
#include "shape/concurrent_dictionary.hpp"
#include "shapes.hpp"

namespace benches {

struct dictionary_worker;

struct dictionary {
    struct write {
        drover::ref<dictionary_worker> from;
        std::uint64_t key;
        std::uint64_t value;
    };
    struct read {
        drover::ref<dictionary_worker> from;
        std::uint64_t key;
    };

    void operator()(write const& w);
    void operator()(read const& r);

    std::unordered_map<std::uint64_t, std::uint64_t> entries_ = shape::full_dictionary();
};

struct dictionary_worker {
    struct start {
        std::uint64_t requests;
    };
    struct result {
        std::uint64_t value;
    };

    void operator()(start s, drover::context& self) {
        left_ = s.requests;
        request(self);
    }
    void operator()(result r, drover::context& self) {
        sum_ += r.value % shape::dictionary_keys;
        if (left_ == 0)
            sink_.tell(fan_in_sink::value{sum_});
        else
            request(self);
    }

    void request(drover::context& self) {
        left_ -= 1;
        auto const next = shape::next_dictionary_request(random_);
        if (next.write)
            dictionary_.tell(dictionary::write{self.self<dictionary_worker>(), next.key, next.value});
        else
            dictionary_.tell(dictionary::read{self.self<dictionary_worker>(), next.key});
    }

    drover::ref<fan_in_sink> sink_;
    drover::ref<dictionary> dictionary_;
    random_numbers random_;
    std::uint64_t left_ = 0;
    std::uint64_t sum_ = 0;
};

inline void dictionary::operator()(write const& w) {
    entries_[w.key] = w.value;
    w.from.tell(dictionary_worker::result{w.value});
}
inline void dictionary::operator()(read const& r) {
    auto const found = entries_.find(r.key);
    r.from.tell(dictionary_worker::result{found == entries_.end() ? 0 : found->second});
}

/// Concurrent dictionary: 20 workers ask one actor that has a hash map of 524 287 entries, each one request at a time,
/// one in ten a write; `messages` requests in all, each with its result. Senders: all. Time: from the first start
/// message until a sink has told the main thread the sum of the results; the map is full before. Figure: ns per
/// request, with its result. Savina's sizes (Imam and Sarkar 2014): 20 workers, 10 000 requests each, 10 % writes.
inline outcome concurrent_dictionary(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::dictionary_workers);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::dictionary_workers);
    auto const entries = rt.spawn<dictionary>();
    std::vector<drover::ref<dictionary_worker>> workers;
    for (std::uint64_t place = 0; place < shape::dictionary_workers; ++place)
        workers.push_back(rt.spawn<dictionary_worker>(sink, entries, random_numbers(place)));

    stopwatch const clock;
    for (auto const& worker : workers) worker.tell(dictionary_worker::start{each});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::dictionary_workers, usage_of_threads("drover/").threads,
                   "the sum of the results", answer, shape::dictionary_expected(each));
}

}  // namespace benches
