#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/mailbox_box.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/resumption.hpp"
#include "drover/actor/send.hpp"
#include "drover/actor/task_scope.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/message_names.hpp"
#include "drover/message/signal.hpp"

namespace drover {

/// A waiter in the mailbox of an actor, and the signal to the one who waits that it becomes. Counted: by the task that
/// waits, and by the mailbox, then the signal.
template <class F>
struct room_record final : signal<basic_context<F>>, room_listener {
    /// Throws std::bad_alloc.
    static room_record* create(basic_cell<F>& waiting, basic_cell<F>& target, resumption& who) {
        return new (pooled_memory<room_record>::allocate()) room_record(waiting, target, who);
    }

    void listen() noexcept {
        references_.fetch_add(1, std::memory_order_relaxed);
        target_.box->room->add_listener(*this);
    }

    void stop_listening() noexcept {
        if (target_.box->room->remove_listener(*this)) {
            release();
        }
    }

    /// The waiting task's end, in its actor's turn.
    void forget() noexcept {
        then_ = nullptr;
        stop_listening();
        release();
    }

private:
    room_record(basic_cell<F>& waiting, basic_cell<F>& target, resumption& who) noexcept
        : signal<basic_context<F>>(&operations_of_room),
          room_listener{&on_room},
          waiting_(waiting),
          target_(target),
          then_(&who) {
        waiting_.retain();
        target_.retain();
        F::tracing::keep(trace_);
    }

    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            basic_cell<F>& waiting = waiting_;
            basic_cell<F>& target = target_;
            std::destroy_at(this);
            pooled_memory<room_record>::deallocate(this);
            waiting.release();
            target.release();
        }
    }

    // Any thread. Our own count on the actor, because the signal's is gone once it is handled.
    static void on_room(room_listener* l) noexcept {
        auto& self = static_cast<room_record&>(*l);
        basic_cell<F>& waiting = self.waiting_;
        waiting.retain();
        if (waiting.post(&self) == system_lane::post_result::refused) {
            self.release();
        }
        waiting.release();
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto* const self = static_cast<room_record*>(node);
        const std::unique_ptr<room_record, decltype([](room_record* r) noexcept { r->release(); })> at_end(self);
        if (self->then_ != nullptr) {
            [[maybe_unused]] const typename F::tracing::resuming here(self->trace_, typename F::tracing::stamp{},
                                                                      turn.cell().id, names);
            detail::resume_task(turn, *self->then_);
        }
    }

    static void on_refuse(signal<basic_context<F>>* node) noexcept { static_cast<room_record*>(node)->release(); }

    static constexpr signal_operations<basic_context<F>> operations_of_room{&on_deliver, &on_refuse};

    std::atomic<std::uint32_t> references_{1};
    basic_cell<F>& waiting_;
    basic_cell<F>& target_;
    static constexpr message_names names{"wait", "room"};

    resumption* then_;  // the waiting actor's alone
    [[no_unique_address]] typename F::tracing::stamp trace_{};
};

/// A message that a task sends when there is room for it.
template <class A, class M, class F>
class room_operation : resumption {
public:
    explicit room_operation(room_wait<A, M, F>&& from)
        : resumption{&on_room}, target_(std::move(from.target)), message_(std::move(from.message)) {}
    room_operation(const room_operation&) = delete;
    room_operation& operator=(const room_operation&) = delete;
    ~room_operation() {
        if (record_ != nullptr) {
            note(nullptr);
            record_->forget();
        }
    }

    /// Throws what a send throws.
    bool start(resumption& then) {
        then_ = &then;
        done_ = try_send();
        return !done_;
    }

    delivery take() {
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
        return result_;
    }

private:
    static std::coroutine_handle<> on_room(resumption* r) noexcept {
        auto& self = static_cast<room_operation&>(*r);
        if (self.done_) {  // a signal that was on its way when a place was found without it
            return std::noop_coroutine();
        }
        try {
            self.done_ = self.try_send();
            if (!self.done_) {
                return std::noop_coroutine();
            }
        } catch (...) {
            self.done_ = true;
            self.thrown_ = std::current_exception();
        }
        return self.then_->next(self.then_);
    }

    // False if there is no room; then the record listens.
    bool try_send() {
        basic_cell<F>* const cell = target_.cell();
        if (cell == nullptr) {
            result_ = delivery::no_target;
            return true;
        }
        lane& mine = lane_to(*cell->core);
        const send_bracket bracket(mine);
        const detail::port<A, F> way(*cell, mine);
        flush_outbox();
        if (!way.gate_open()) {
            result_ = way.refuse(type_name<M>(), delivery::stopped);
            return true;
        }
        way.check_level(message_);
        admitted place = admit(*cell);
        if (place.result == delivery::rejected_full) {
            basic_context<F>* const turn = basic_context<F>::current();
            if (record_ == nullptr) {
                record_ = room_record<F>::create(turn->cell(), *cell, *this);
                turn->cell().more();
                note(cell);
            }
            record_->listen();
            place = admit(*cell);  // whoever frees room, or stops, after the look before may not have seen us
            if (place.result == delivery::rejected_full) {
                return false;
            }
            record_->stop_listening();
        }
        detail::reservation reserved(way, place, 1);
        if (!is_accepted(place.result)) {
            result_ = way.refuse(type_name<M>(), place.result);
            return true;
        }
        message_node* const node = told_message<A, M, F>::create(*cell, std::move(message_));
        reserved.keep();
        result_ = way.push({node, node, 1}, place);
        return true;
    }

    static admitted admit(basic_cell<F>& cell) noexcept {
        return cell.box == nullptr ? admitted{delivery::accepted} : cell.box->operations->admit_if_room(cell, 1);
    }

    // For the report of stragglers.
    static void note(basic_cell<F>* cell) noexcept {
        basic_context<F>& turn = *basic_context<F>::current();
        const inside_scope scope(turn.on().inside);
        turn.cell().extra.load(std::memory_order_relaxed)->room_of = cell;
    }

    basic_handle<F> target_;
    M message_;
    resumption* then_ = nullptr;
    room_record<F>* record_ = nullptr;
    delivery result_ = delivery::accepted;
    bool done_ = false;
    std::exception_ptr thrown_;
};

}  // namespace drover
