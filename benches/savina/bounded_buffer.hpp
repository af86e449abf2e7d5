// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fan_in.hpp"
#include "shape/bounded_buffer.hpp"
#include "shapes.hpp"

namespace benches {

struct buffer_producer;
struct buffer_consumer;

struct buffer_manager {
    struct start {
        std::vector<drover::ref<buffer_producer>> producers;
        std::vector<drover::ref<buffer_consumer>> consumers;
    };
    struct item {
        double data;
        drover::ref<buffer_producer> from;
    };
    struct available {
        drover::ref<buffer_consumer> who;
    };
    struct produced_all {};

    void operator()(start s);
    void operator()(item i);
    void operator()(available a);
    void operator()(produced_all);
    void end_if_done();

    std::size_t producers_left_ = 0;
    std::deque<drover::ref<buffer_producer>> waiting_producers_{};
    std::deque<drover::ref<buffer_consumer>> waiting_consumers_{};
    std::deque<double> buffer_{};
};

struct buffer_producer {
    struct produce {};

    void operator()(produce, drover::context& self) {
        if (left_ == 0) {
            manager_.tell(buffer_manager::produced_all{});
            return;
        }
        left_ -= 1;
        item_ = shape::process_item(item_);
        manager_.tell(buffer_manager::item{item_, self.self<buffer_producer>()});
    }

    drover::ref<buffer_manager> manager_;
    std::uint64_t left_;
    double item_ = 0;
};

struct buffer_consumer {
    struct consume {
        double data;
    };
    struct finish {};

    void operator()(consume c, drover::context& self) {
        item_ = shape::process_item(item_ + c.data);
        sum_ += shape::whole(c.data);
        manager_.tell(buffer_manager::available{self.self<buffer_consumer>()});
    }
    void operator()(finish) { sink_.tell(fan_in_sink::value{sum_}); }

    drover::ref<fan_in_sink> sink_;
    drover::ref<buffer_manager> manager_;
    double item_ = 0;
    std::uint64_t sum_ = 0;
};

inline void buffer_manager::operator()(start s) {
    producers_left_ = s.producers.size();
    waiting_consumers_.assign(s.consumers.begin(), s.consumers.end());
    for (auto const& producer : s.producers) producer.tell(buffer_producer::produce{});
}
inline void buffer_manager::operator()(item i) {
    if (waiting_consumers_.empty()) {
        buffer_.push_back(i.data);
    } else {
        waiting_consumers_.front().tell(buffer_consumer::consume{i.data});
        waiting_consumers_.pop_front();
    }
    if (buffer_.size() >= shape::buffer_room)
        waiting_producers_.push_back(std::move(i.from));
    else
        i.from.tell(buffer_producer::produce{});
}
inline void buffer_manager::operator()(available a) {
    if (buffer_.empty()) {
        waiting_consumers_.push_back(std::move(a.who));
        end_if_done();
        return;
    }
    a.who.tell(buffer_consumer::consume{buffer_.front()});
    buffer_.pop_front();
    if (!waiting_producers_.empty()) {
        waiting_producers_.front().tell(buffer_producer::produce{});
        waiting_producers_.pop_front();
    }
}
inline void buffer_manager::operator()(produced_all) {
    producers_left_ -= 1;
    end_if_done();
}
inline void buffer_manager::end_if_done() {
    if (producers_left_ != 0 || waiting_consumers_.size() != shape::buffer_consumers) return;
    for (auto const& consumer : waiting_consumers_) consumer.tell(buffer_consumer::finish{});
}

/// Producer and consumer with a bounded buffer: 40 producers make items for a manager, which hands them to 40
/// consumers, and keeps up to 10 when none is free; a producer gets the word for its next item when there is room.
/// Producers and consumers compute 2500 logarithms an item, which is most of the time on all sides. `messages` items in
/// all, four messages each. Senders: all. Time: from the main thread's start message until a sink has told it the sum
/// of the items consumed. Figure: ns per item. Savina's sizes (Imam and Sarkar 2014): a buffer of 50 less the 40
/// producers, 1 000 items each, cost 25 in both.
inline outcome bounded_buffer(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::buffer_producers);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::buffer_consumers);
    auto const manager = rt.spawn<buffer_manager>();
    buffer_manager::start all;
    for (std::size_t i = 0; i < shape::buffer_producers; ++i)
        all.producers.push_back(rt.spawn<buffer_producer>(manager, each));
    for (std::size_t i = 0; i < shape::buffer_consumers; ++i)
        all.consumers.push_back(rt.spawn<buffer_consumer>(sink, manager));

    stopwatch const clock;
    manager.tell(std::move(all));
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::buffer_producers, usage_of_threads("drover/").threads,
                   "the sum of the items consumed", answer, shape::buffer_expected(each));
}

}  // namespace benches
