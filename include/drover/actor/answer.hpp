#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "drover/actor/reply.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/time_limit.hpp"

namespace drover {

template <class F>
class basic_context;

template <class R, class F, class Given>
class ask_operation;

template <class R, class F = features>
class answer;

/// What `answer::as_result` gives.
template <class R, class F>
struct [[nodiscard]] answer_as_result {
    using operation = ask_operation<R, F, expected<R, ask_error>>;

    answer<R, F> waited_for;
};

/// What `ask` returns: the reply that will come. Move-only; for one thread at a time. Destroyed unused, the reply is
/// dropped when it comes; the actor still handles the message.
template <class R, class F>
class [[nodiscard]] answer {
public:
    using result_type = expected<R, ask_error>;
    using operation =
        ask_operation<R, F, R>;  ///< `co_await` of an answer in a task gives the reply or throws ask_failed

    /// An ask that has failed already.
    explicit answer(ask_error error) : failed_(std::move(error)) {}
    explicit answer(reply_record<R, F>* record) noexcept : record_(record) {}
    answer(answer&& other) noexcept
        : record_(std::exchange(other.record_, nullptr)), failed_(std::exchange(other.failed_, std::nullopt)) {}
    answer& operator=(answer&& other) noexcept {
        std::swap(record_, other.record_);
        std::swap(failed_, other.failed_);
        return *this;
    }
    ~answer() {
        if (record_ != nullptr) {
            record_->release();
        }
    }

    /// Waits for the reply. Throws ask_failed; at once, with `would_deadlock`, on a worker of any runtime. Once: a
    /// second call of any of these throws std::logic_error.
    R get() {
        result_type outcome = result();
        if (!outcome) {
            throw ask_failed(std::move(outcome.error()));
        }
        return std::move(outcome.value());
    }

    /// As get(), with the failure as a value. Once. In a simulation that can do nothing more for the reply, or does not
    /// come to an end, it throws std::logic_error, and the answer is still to be had.
    result_type result() {
        if (std::optional<ask_error> error = refusal()) {
            return unexpected<ask_error>(*std::move(error));
        }
        if (record_->target.core->simulated()) {
            drive_until_ready();
        }
        while (!is_ready()) {
            std::uint32_t phase = pending_ask<F>::open;
            record_->phase.compare_exchange_strong(phase, pending_ask<F>::waiting, std::memory_order_acq_rel);
            futex_wait(record_->phase, pending_ask<F>::waiting);
        }
        return take();
    }

    /// As result(), waiting for at most `patience` on the clock of the asked actor's runtime; after a `timeout` the
    /// answer is still to be had, by another call.
    result_type get_for(clock_duration patience) {
        if (std::optional<ask_error> error = refusal()) {
            return unexpected<ask_error>(*std::move(error));
        }
        if (!is_ready()) {
            const time_limit limit(*record_->target.core, patience, &stop_waiting, record_);
            while (!is_ready()) {
                std::uint32_t phase = pending_ask<F>::open;
                record_->phase.compare_exchange_strong(phase, pending_ask<F>::waiting, std::memory_order_seq_cst);
                if (limit.over()) {
                    phase = pending_ask<F>::waiting;
                    record_->phase.compare_exchange_strong(phase, pending_ask<F>::open, std::memory_order_acq_rel);
                    if (!is_ready()) {
                        return unexpected<ask_error>(ask_error{ask_error::timeout, nullptr});
                    }
                    break;
                }
                limit.wait(record_->phase, pending_ask<F>::waiting);
            }
        }
        return take();
    }

    /// Is there an outcome? Never blocks.
    bool is_ready() const noexcept {
        return record_ == nullptr || record_->phase.load(std::memory_order_acquire) == pending_ask<F>::ready;
    }

    /// Inside a handler: `f(expected<R, ask_error>)` runs later on the asking actor, as a handler does: not while
    /// another runs, and an exception stops the actor. If the actor stops first, `f` is destroyed unrun. An ask that
    /// was refused at once (an empty ref) runs `f` before this returns. Allocates. Throws std::logic_error outside a
    /// handler. Once.
    template <class Callable>
    void then(Callable f);
    template <class Callable>
    void then(basic_context<F>& turn, Callable f);

    /// For the runtime: the record, with its count; null if the ask was refused at once.
    reply_record<R, F>* release() noexcept { return std::exchange(record_, nullptr); }

    /// In a task: `co_await` of this gives the reply or why there is none, as result() does. Once.
    answer_as_result<R, F> as_result() { return {std::move(*this)}; }

private:
    template <class, class, class>
    friend class ask_operation;

    // The waiter marks the word and then looks whether its time is over; the word must change, or it would sleep on.
    static void stop_waiting(void* who) noexcept {
        auto& record = *static_cast<reply_record<R, F>*>(who);
        std::uint32_t phase = pending_ask<F>::waiting;
        if (record.phase.compare_exchange_strong(phase, pending_ask<F>::open, std::memory_order_seq_cst)) {
            futex_wake_all(record.phase);
        }
    }

    void drive_until_ready() {
        for (std::uint64_t done = 0; !is_ready();) {
            if (!record_->target.core->drive(done)) {
                throw std::logic_error(join_text({"drover: waiting for the reply of ", record_->target.name(), " #",
                                                  std::to_string(to_integer(record_->target.id)),
                                                  " never ends: the simulation has nothing left to do, or has done its "
                                                  "most_steps; see who keeps the "
                                                  "promise, or ask with a timeout"}));
            }
        }
    }

    // An error that is known without waiting. The refusal to block leaves the answer usable, by then().
    std::optional<ask_error> refusal() {
        check_unused();
        if (record_ == nullptr) {
            return std::exchange(failed_, std::nullopt);
        }
        return this_thread().worker ? std::optional(ask_error{ask_error::would_deadlock, nullptr}) : std::nullopt;
    }

    void check_unused() const {
        if (record_ == nullptr && !failed_.has_value()) {
            throw std::logic_error(
                "drover: this answer has been used already; an ask gives one reply, so keep what the first call "
                "returned");
        }
    }

    result_type take() {
        if (record_ == nullptr) {
            return unexpected<ask_error>(*std::exchange(failed_, std::nullopt));
        }
        reply_record<R, F>* const record = std::exchange(record_, nullptr);
        struct release_at_end {
            reply_record<R, F>* held;
            ~release_at_end() { held->release(); }
        } const scope{record};
        return std::move(*record->result);
    }

    reply_record<R, F>* record_ = nullptr;
    std::optional<ask_error> failed_;
};

/// What an ill-formed `ask` gives after its one error, so that the rest of the expression causes no more.
struct [[maybe_unused]] refused {
    // Defined, because GCC asks for a body where a local type is involved; nothing of an ill-formed program runs.
    template <class T>
    operator T() const {
        std::terminate();
    }
    refused get() const { return {}; }
    refused result() const { return {}; }
    refused get_for(clock_duration) const { return {}; }
    refused as_result() const { return {}; }
    template <class... Anything>
    void then(Anything&&...) const {}
    template <class T>
    friend bool operator==(const refused&, const T&) {
        return false;
    }
    template <class Stream>
    friend Stream& operator<<(Stream& stream, const refused&) {
        return stream;
    }
};

}  // namespace drover
