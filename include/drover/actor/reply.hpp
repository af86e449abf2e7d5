#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "drover/actor/ask_error.hpp"
#include "drover/actor/cell.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/expected.hpp"
#include "drover/base/futex.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What an asker and an actor share about one ask; the part that does not depend on the reply. Counted: the asker, the
/// request in the mailbox or the promise, and the timer while it is armed. Whoever claims it first answers: a reply, a
/// timeout, the end of the actor.
template <class F>
struct pending_ask : signal<basic_context<F>>, timer {
    using base = signal<basic_context<F>>;

    enum phase_type : std::uint32_t {
        open,       ///< no result, nobody waits
        waiting,    ///< a thread waits on this word
        continued,  ///< the asking actor goes on when the result is there
        abandoned,  ///< the asking actor has stopped
        ready,      ///< the result is there
    };

    pending_ask(basic_cell<F>& asked, const signal_operations<basic_context<F>>* record,
                timer::fire_function* fire_) noexcept
        : base(record), timer(fire_), target(asked) {
        target.retain();
    }

    basic_cell<F>& target;
    basic_cell<F>* asker =
        nullptr;  ///< set once the asking actor waits; counted from when it gives up a result under way
    pending_ask* next_of_asker = nullptr;
    pending_ask* previous_of_asker = nullptr;
    std::atomic<std::uint32_t> references{2};
    std::atomic<std::uint32_t> phase{open};
    std::atomic<bool> claimed{false};
    bool timed = false;
    bool shared = false;                               ///< two may answer: set before the second can
    void (*abandon)(pending_ask&) noexcept = nullptr;  ///< by the asking actor when it stops; set with `asker`

    /// When it ends, on the asked actor's clock; time_point::max() if never. Fixed once the message is under way.
    time_point due() const noexcept {
        return timed ? time_point(clock_duration(static_cast<clock_duration::rep>(this->deadline))) : time_point::max();
    }

    /// Most asks have one who can answer, and no timer.
    bool claim() noexcept { return (!timed && !shared) || !claimed.exchange(true, std::memory_order_acq_rel); }

    /// By the claimant, after the result has been written: hands it to whoever waits. False if it took the claimant's count
    /// along, so that the record may be gone.
    [[nodiscard]] bool publish() noexcept {
        switch (phase.exchange(ready, std::memory_order_acq_rel)) {
            case waiting: futex_wake_all(phase); return true;
            case continued: return hand_over();
            default: return true;
        }
    }

    /// The asking actor continues in its own time. It is there until the signal is in its lane: it handles that before it
    /// goes, or counts itself for it. What post() touches after that is kept by the grace period if this is a worker's run of
    /// an actor, and else by a count of our own. Modelled in tests/model/cell_grace.pml.
    void post_to_asker() noexcept {
        basic_cell<F>& receiver = *asker;
        const lane& mine = lane_to(*receiver.core);
        const bool kept =
            mine.queue && static_cast<const worker&>(mine).running.load(std::memory_order_relaxed) != nullptr;
        if (!kept) {
            receiver.retain();
        }
        if (receiver.post(this) == system_lane::post_result::refused) {
            this->operations->refuse(this);
        }
        if (!kept) {
            receiver.release();
        }
    }

    // The asking actor does not look at the counts before it has the signal, so if there are two nobody else has one.
    bool hand_over() noexcept {
        const bool alone = references.load(std::memory_order_acquire) == 2;
        if (alone) {
            references.store(1, std::memory_order_relaxed);  // the signal releases it
        }
        post_to_asker();
        return !alone;
    }

    void link(pending_ask*& first) noexcept {
        next_of_asker = first;
        if (first != nullptr) {
            first->previous_of_asker = this;
        }
        first = this;
    }

    void unlink(pending_ask*& first) noexcept {
        (previous_of_asker != nullptr ? previous_of_asker->next_of_asker : first) = next_of_asker;
        if (next_of_asker != nullptr) {
            next_of_asker->previous_of_asker = previous_of_asker;
        }
        next_of_asker = previous_of_asker = nullptr;
    }
};

namespace detail {

// What takes a result, of a type that is not known. Two function pointers instead of a virtual base; one of them is called,
// once, and then it is gone.
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

    /// Arms the timeout; one that is not positive is over at once. Throws std::system_error if the timer thread cannot be
    /// started.
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
        if (this->claim()) {
            settle(std::forward<Value>(value));
        } else {
            lane_to(*this->target.core).late_replies.add(1);
            release();
        }
    }

    [[gnu::noinline]] void fail(ask_error error) noexcept {
        if (this->claim()) {
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
        begin_waiting(self, *new detail::stored_continuation<R, Callable>(std::move(f)));
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
        if (*result) {
            F::metrics::on_ask_answered();
        }
        if (this->publish()) {
            release();
        }
    }

    explicit reply_record(basic_cell<F>& asked) noexcept : base(asked, &reply_operations, &on_fire) {}

    // The continuation goes before the state it may point into, even if the result is on its way: on_deliver or on_refuse
    // then does the rest, and the actor, which may end first, is counted until then.
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
        f->run(f, std::move(*record.result));
    }

    // The asking actor has stopped and let go of the continuation.
    static void on_refuse(signal<basic_context<F>>* node) noexcept {
        static_cast<reply_record&>(*node).finish_abandoned();
    }

    static void on_fire(timer* t) noexcept {
        auto& record = static_cast<reply_record&>(*t);
        if (record.claim()) {
            record.result.emplace(unexpected<ask_error>(ask_error{ask_error::timeout, nullptr}));
            F::metrics::on_ask_timed_out();
            if (!record.publish()) {
                return;
            }
        }
        record.release();
    }

    static constexpr signal_operations<basic_context<F>> reply_operations{&on_deliver, &on_refuse};

    detail::continuation<R>* then = nullptr;
};

}  // namespace drover
