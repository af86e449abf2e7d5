#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/resumption.hpp"
#include "drover/actor/task_scope.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// An ask that a task waits for: the continuation of its reply record stands in the coroutine's frame, so waiting
/// allocates nothing. `Given` is what co_await gives: the reply, or an expected.
template <class R, class F, class Given>
class ask_operation : detail::continuation<R> {
public:
    using result_type = expected<R, ask_error>;

    /// Throws std::logic_error if the answer has been used.
    explicit ask_operation(answer<R, F>&& from) : detail::continuation<R>{&go_on, &let_go}, answer_(std::move(from)) {
        answer_.check_unused();
    }
    explicit ask_operation(answer_as_result<R, F>&& from) : ask_operation(std::move(from.waited_for)) {}
    ask_operation(const ask_operation&) = delete;
    ask_operation& operator=(const ask_operation&) = delete;
    ~ask_operation() {
        if (record_ != nullptr) {
            const inside_scope scope(basic_context<F>::current()->on().inside);
            record_->abandon(*record_);  // calls let_go
        }
    }

    bool start(resumption& then) {
        if (answer_.is_ready()) {
            return false;
        }
        basic_context<F>* const turn = basic_context<F>::current();
        if (turn == nullptr) {
            throw std::logic_error(
                "drover: this task does not run in an actor's turn; await it in a handler of an actor");
        }
        then_ = &then;
        reply_record<R, F>* const record = answer_.record_;
        record->continue_by(turn->cell(), *this);
        record_ = std::exchange(answer_.record_, nullptr);
        return true;
    }

    Given take() {
        result_type outcome = outcome_.has_value() ? std::move(*outcome_) : answer_.take();
        if constexpr (std::is_same_v<Given, result_type>) {
            return outcome;
        } else {
            if (!outcome) {
                throw ask_failed(std::move(outcome.error()));
            }
            return std::move(outcome.value());
        }
    }

private:
    static void go_on(detail::continuation<R>* c, result_type&& result) {
        auto& self = static_cast<ask_operation&>(*c);
        self.record_ = nullptr;
        try {
            self.outcome_.emplace(std::move(result));
        } catch (...) {  // the reply's move constructor
            self.outcome_.emplace(unexpected<ask_error>(ask_error{ask_error::handler_threw, std::current_exception()}));
        }
        detail::resume_task(*basic_context<F>::current(), *self.then_);
    }

    static void let_go(detail::continuation<R>* c) noexcept { static_cast<ask_operation*>(c)->record_ = nullptr; }

    answer<R, F> answer_;
    reply_record<R, F>* record_ = nullptr;  // while it is waited for
    resumption* then_ = nullptr;
    std::optional<result_type> outcome_;
};

}  // namespace drover
