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
#include "shape/concurrent_sorted_list.hpp"
#include "shapes.hpp"

namespace benches {

struct list_worker;

struct list_keeper {
    struct size {
        drover::ref<list_worker> from;
    };
    struct add {
        drover::ref<list_worker> from;
        std::uint64_t value;
    };
    struct contains {
        drover::ref<list_worker> from;
        std::uint64_t value;
    };

    void operator()(size const& s);
    void operator()(add const& a);
    void operator()(contains const& c);

    shape::sorted_list values_{};
};

struct list_worker {
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
        results_.take(kind_, r.value);
        if (left_ == 0)
            sink_.tell(fan_in_sink::value{results_.sum()});
        else
            request(self);
    }

    void request(drover::context& self) {
        left_ -= 1;
        auto const next = shape::next_list_request(random_, place_);
        kind_ = next.kind;
        auto from = self.self<list_worker>();
        switch (next.kind) {
            case shape::list_request_kind::size: keeper_.tell(list_keeper::size{std::move(from)}); break;
            case shape::list_request_kind::add: keeper_.tell(list_keeper::add{std::move(from), next.value}); break;
            case shape::list_request_kind::contains:
                keeper_.tell(list_keeper::contains{std::move(from), next.value});
                break;
        }
    }

    drover::ref<fan_in_sink> sink_;
    drover::ref<list_keeper> keeper_;
    std::uint64_t place_;
    random_numbers random_{place_};
    shape::list_request_kind kind_ = shape::list_request_kind::size;
    shape::list_results results_{};
    std::uint64_t left_ = 0;
};

inline void list_keeper::operator()(size const& s) {
    s.from.tell(list_worker::result{values_.size()});
}
inline void list_keeper::operator()(add const& a) {
    values_.add(a.value);
    a.from.tell(list_worker::result{a.value});
}
inline void list_keeper::operator()(contains const& c) {
    c.from.tell(list_worker::result{values_.contains(c.value) ? std::uint64_t{1} : 0});
}

/// Concurrent sorted list: 20 workers ask one actor that has a sorted linked list, empty at first, each one request at
/// a time: one in ten adds a value, one in a hundred asks for the size, and the others whether a value is there.
/// `messages` requests in all, each with its result. Senders: all. Time: from the first start message until a sink has
/// told the main thread the sum of the results. Figure: ns per request, with its result; it grows with their number,
/// because the list does, and most of it are steps in the list, the same on all sides. Savina's sizes (Imam and Sarkar
/// 2014): 20 workers, 8 000 requests each, 10 % additions, 1 % sizes.
inline outcome concurrent_sorted_list(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::list_workers);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::list_workers);
    auto const keeper = rt.spawn<list_keeper>();
    std::vector<drover::ref<list_worker>> workers;
    for (std::uint64_t place = 0; place < shape::list_workers; ++place)
        workers.push_back(rt.spawn<list_worker>(sink, keeper, place));

    stopwatch const clock;
    for (auto const& worker : workers) worker.tell(list_worker::start{each});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::list_workers, usage_of_threads("drover/").threads, "the sum of the results",
                   answer, shape::list_expected(each));
}

}  // namespace benches
