#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/answer.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/send.hpp"
#include "drover/base/clock.hpp"

namespace drover::detail {

/// Asks to several actors of which the first that succeeds is the answer of one ask; if none does, the last that fails.
/// The others are withdrawn: a handler that has not begun does not run, and the reply of one that has is dropped. Lives
/// until each has come to its end.
template <class R, class F>
class gathering {
    using record = reply_record<R, F>;

public:
    /// Takes over a count of each of `asks`, which are not empty, and the right to answer. Frees itself. Throws
    /// std::bad_alloc; then it has taken nothing.
    static void begin(request<R, F>& right, std::vector<record*>& asks) {
        auto* const self = new gathering(right, asks);
        // The last of these calls may free it.
        const std::size_t count = self->asks_.size();
        record* const* const each = self->asks_.data();
        for (std::size_t i = 0; i != count; ++i) {
            each[i]->forward_by(&on_result, self);
        }
    }

    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

private:
    gathering(request<R, F>& right, std::vector<record*>& asks) noexcept
        : answer_(right.release()), asks_(std::exchange(asks, {})), left_(asks_.size()) {}

    ~gathering() {
        for (record* const each : asks_) {
            each->release();
        }
    }

    static void on_result(pending_ask<F>& ask) noexcept {
        auto& self = *static_cast<gathering*>(ask.forward_to);
        auto& its = static_cast<record&>(ask);
        if (*its.result && !self.answered_.exchange(true, std::memory_order_acq_rel)) {
            for (record* const each : self.asks_) {
                each->withdrawn.store(true, std::memory_order_relaxed);
            }
            self.answer_->answer(std::move(its.result->value()));
        }
        // Acquires what the others have done before they let go.
        if (self.left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            if (!self.answered_.load(std::memory_order_relaxed)) {
                self.answer_->fail(its.result->error());
            }
            delete &self;
        }
    }

    record* const answer_;
    const std::vector<record*> asks_;
    std::atomic<bool> answered_{false};
    std::atomic<std::size_t> left_;
};

/// Asks each of `cells`, which are some, with a copy of `message`; `by` stands for all of them. Throws std::bad_alloc
/// and what the message's copy throws; then those that were asked are withdrawn.
template <class A, class M, class F>
auto scatter(const std::vector<boost::intrusive_ptr<basic_cell<F>>>& cells, basic_cell<F>& by, const M& message,
             const clock_duration* timeout) {
    using reply = reply_type<A, M, F>;
    using record = reply_record<reply, F>;
    struct list {
        std::vector<record*> asks;
        ~list() {
            for (record* const each : asks) {
                each->withdrawn.store(true, std::memory_order_relaxed);
                each->release();
            }
        }
    } sent;
    sent.asks.reserve(cells.size());
    record* const whole = record::create(by);
    answer<reply, F> result(whole);
    request<reply, F> right(whole);
    for (const auto& each : cells) {
        sent.asks.push_back(ask_cell<A>(*each, M(message), timeout).release());
    }
    gathering<reply, F>::begin(right, sent.asks);
    return result;
}

}  // namespace drover::detail
