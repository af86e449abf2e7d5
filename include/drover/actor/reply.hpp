#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "drover/actor/ask_error.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/message_deadline.hpp"
#include "drover/actor/pending_ask.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/expected.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/message_names.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

namespace detail {

// What takes a result, of a type that is not known. Two function pointers instead of a virtual base; one of them is
// called, once, and then it is gone.
template <class R>
struct continuation {
    void (*run)(continuation*, expected<R, ask_error>&&);
    void (*destroy)(continuation*) noexcept;
};

template <class R, class Callable>
struct stored_continuation : continuation<R> {
    explicit stored_continuation(Callable&& f)
        : continuation<R>{[](continuation<R>* c, expected<R, ask_error>&& result) {
                              const std::unique_ptr<stored_continuation> self(static_cast<stored_continuation*>(c));
                              static_cast<void>(self->callable(std::move(result)));
                          },
                          [](continuation<R>* self) noexcept { delete static_cast<stored_continuation*>(self); }},
          callable(std::move(f)) {}

    Callable callable;
};

}  // namespace detail

template <class R, class F>
struct reply_record final : pending_ask<F> {
    using base = pending_ask<F>;
    using result_type = expected<R, ask_error>;

    /// With two references: the asker's and the request's. Throws std::bad_alloc.
    static reply_record* create(basic_cell<F>& asked) {
        return new (pooled_memory<reply_record>::allocate()) reply_record(asked);
    }

    void retain() noexcept { this->references.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        // The last count is nobody else's to change: then a load will do.
        if (this->references.load(std::memory_order_acquire) == 1 ||
            this->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            this->target.release();
            std::destroy_at(this);
            pooled_memory<reply_record>::deallocate(this);
        }
    }

    /// Arms the timeout; one that is not positive is over at once. Throws std::system_error if the timer thread cannot
    /// be started.
    void expire_after(clock_duration after) {
        retain();
        this->timed = true;
        bool armed_now = false;
        try {
            armed_now = this->target.core->timers.arm_after(*this, after);
        } catch (...) {
            release();
            throw;
        }
        if (!armed_now) {
            on_fire(this);
        }
    }

    /// With one count, which it gives up; so does fail().
    template <class Value>
    void answer(Value&& value) noexcept {
        if (this->claim(ask_outcome::answered)) {
            settle(std::forward<Value>(value));
        } else {
            lane_to(*this->target.core).late_replies.add(1);
            release();
        }
    }

    [[gnu::noinline]] void fail(ask_error error) noexcept {
        if (this->claim(ask_outcome::unknown)) {
            settle(unexpected<ask_error>(std::move(error)));
        } else {
            release();
        }
    }

    /// The same of one that a handler has answered so, or not at all: nobody else counts that as a failure of a pool's
    /// member.
    [[gnu::noinline]] void fail_as_answer(ask_error error) noexcept {
        if (this->claim(ask_outcome::failed)) {
            settle(unexpected<ask_error>(std::move(error)));
        } else {
            release();
        }
    }

    /// The asking actor, with its own reference, which passes on: `f` runs in one of its later turns.
    template <class Callable>
    void continue_with(basic_cell<F>& self, Callable f) {
        if (self.phase == cell_phase::stopping || self.phase == cell_phase::restarting ||
            self.phase == cell_phase::closed) {
            release();  // it has taken leave of its asks already; `f` is not run
            return;
        }
        self.more();
        if constexpr (has_deadlines<F>) {  // it goes on with what its handler did, and so under the same deadline
            auto under = [at = present_deadline(self.core->timers), clock = &self.core->timers,
                          f = std::move(f)](result_type&& outcome) mutable {
                const deadline_here scope(at, *clock);
                static_cast<void>(f(std::move(outcome)));
            };
            begin_waiting(self, *new detail::stored_continuation<R, decltype(under)>(std::move(under)));
        } else {
            begin_waiting(self, *new detail::stored_continuation<R, Callable>(std::move(f)));
        }
    }

    /// As above, for a continuation that stands somewhere else.
    void continue_by(basic_cell<F>& self, detail::continuation<R>& f) {
        self.more();
        begin_waiting(self, f);
    }

    std::optional<result_type> result;

private:
    void begin_waiting(basic_cell<F>& self, detail::continuation<R>& f) noexcept {
        then = &f;
        F::tracing::keep(asked_in);
        auto& mine = static_cast<worker&>(lane_to(*self.core));
        mine.asks_begun.add(1);
        this->asker = &self;
        this->abandon = [](base& record) noexcept { static_cast<reply_record&>(record).abandon_then(); };
        {
            const inside_scope scope(mine.inside);
            this->link(self.extra.load(std::memory_order_relaxed)->asks);
        }
        std::uint32_t expected_phase = base::open;
        if (!this->phase.compare_exchange_strong(expected_phase, base::continued, std::memory_order_acq_rel)) {
            this->post_to_asker();  // the result came first
        }
    }

    template <class Outcome>
    void settle(Outcome&& outcome) noexcept {
        if (this->timed && this->target.core->timers.cancel(*this)) {
            release();
        }
        try {
            result.emplace(std::forward<Outcome>(outcome));
        } catch (...) {  // the reply's move constructor
            result.emplace(unexpected<ask_error>(ask_error{ask_error::handler_threw, std::current_exception()}));
        }
        F::tracing::replied(answered_in, names);
        if (*result) {
            F::metrics::on_ask_answered(metrics_part<F>(*this->target.core), this->target.subject());
        } else if (has_deadlines<F> && result->error().code == ask_error::timeout) {
            note_timed_out();  // found so before its timer fired
        }
        if (this->publish()) {
            release();
        }
    }

    void note_timed_out() const noexcept {
        F::metrics::on_ask_timed_out(metrics_part<F>(*this->target.core), this->target.subject());
    }

    explicit reply_record(basic_cell<F>& asked) noexcept : base(asked, &reply_operations, &on_fire) {}

    // The continuation goes before the state it may point into, even if the result is on its way: on_deliver or
    // on_refuse then does the rest, and the actor, which may end first, is counted until then.
    void abandon_then() noexcept {
        this->unlink(this->asker->more().asks);
        then->destroy(std::exchange(then, nullptr));
        std::uint32_t expected_phase = base::continued;
        if (this->phase.compare_exchange_strong(expected_phase, base::abandoned, std::memory_order_acq_rel)) {
            finish();
        } else {
            this->asker->retain();
        }
    }

    // The end of a continued ask, on the asking actor or in place of it: gives up the asker's count.
    void finish() noexcept {
        const basic_cell<F>& self = *this->asker;
        {
            lane& mine = lane_to(*self.core);
            const send_bracket bracket(mine);
            mine.asks_ended.add(1);
            if (!mine.worker) {
                self.core->ring();  // no worker of ours parks after this
            }
        }
        release();
    }

    // The same of one that the actor has let go of.
    void finish_abandoned() noexcept {
        basic_cell<F>& self = *this->asker;
        finish();
        self.release();
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto& record = static_cast<reply_record&>(*node);
        if (record.then == nullptr) {
            record.finish_abandoned();
            return;
        }
        const std::unique_ptr<reply_record, decltype([](reply_record* r) noexcept { r->finish(); })> at_end(&record);
        {
            const inside_scope scope(turn.on().inside);
            record.unlink(record.asker->more().asks);
        }
        detail::continuation<R>* const f = std::exchange(record.then, nullptr);
        [[maybe_unused]] const typename F::tracing::resuming here(record.asked_in, record.answered_in, turn.cell().id,
                                                                  names);
        f->run(f, std::move(*record.result));
    }

    // The asking actor has stopped and let go of the continuation.
    static void on_refuse(signal<basic_context<F>>* node) noexcept {
        static_cast<reply_record&>(*node).finish_abandoned();
    }

    static void on_fire(timer* t) noexcept {
        auto& record = static_cast<reply_record&>(*t);
        const std::uint8_t before = record.claim_word.exchange(base::claimed, std::memory_order_acq_rel);
        if (before != base::claimed) {
            record.result.emplace(unexpected<ask_error>(ask_error{ask_error::timeout, nullptr}));
            if constexpr (has_metrics<F>) {
                record.note_timed_out();
            }
            if (before == base::charged) {
                record.tell_charged(ask_outcome::timed_out);
            } else if (membership* const member = membership_of(record.target); member != nullptr) {
                member->operations->ask_ended(*member, &record, ask_outcome::timed_out, false);
            }
            if (!record.publish()) {
                return;
            }
        }
        record.release();
    }

    static constexpr signal_operations<basic_context<F>> reply_operations{&on_deliver, &on_refuse};

    static constexpr message_names names{"reply", type_name<R>()};

    detail::continuation<R>* then = nullptr;
    [[no_unique_address]] typename F::tracing::stamp asked_in{};     // the asker's, once it waits
    [[no_unique_address]] typename F::tracing::stamp answered_in{};  // the reply's, from who answers
};

}  // namespace drover
