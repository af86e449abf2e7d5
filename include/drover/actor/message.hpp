#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/batch.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/message_deadline.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/actor/routing_key.hpp"
#include "drover/actor/task_run.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/envelope.hpp"

namespace drover {

namespace detail {

// How a priority mailbox finds the level of a message that waits; null if all are 0.
template <class A, class Envelope, class M>
consteval auto level_function() noexcept -> std::size_t (*)(const message_node*) {
    if constexpr (prioritised<A, M>) {
        return [](const message_node* node) {
            const auto& payload = static_cast<const Envelope*>(node)->payload();
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(payload)>, M>) {
                return priority_of<A>(payload);
            } else {
                return priority_of<A>(payload.message);
            }
        };
    } else {
        return nullptr;
    }
}

// A told message: its handler's result is dropped. One that is a coroutine may be suspended when this returns.
template <class A, class M, class F>
void handle_told(M&& message, basic_context<F>& turn, [[maybe_unused]] std::string_view name) {
    if constexpr (is_task<std::remove_cv_t<handler_result<A, M, F>>>) {
        request<reply_type<A, M, F>, F> nobody;
        begin_task<A, M, F>(std::forward<M>(message), nobody, turn, name);
    } else {
        static_cast<void>(call_handler<A, M, F>(turn.template state<A>(), std::forward<M>(message), turn));
    }
}

// Does the actor take a message of this type now? Known at compile time but for an actor of several behaviours.
template <class A, class M, class F>
bool takes_now(basic_context<F>& turn) noexcept {
    if constexpr (has_behaviours<A>) {
        return turn.template state<A>().template takes<M, F>();
    } else {
        return true;
    }
}

}  // namespace detail

/// A message of type `M` on its way to an actor of type `A`: what its envelope can do.
template <class A, class M, class F>
struct told_message {
    using envelope_type = loaded_envelope<basic_context<F>, stamp_of<F>, M>;

    static message_node* create(basic_cell<F>& receiver, M&& message) {
        return create_in(block_pool::allocate(envelope_type::size_class), receiver, std::move(message));
    }
    static message_node* create(basic_cell<F>& receiver, const M& message) {
        return create_in(block_pool::allocate(envelope_type::size_class), receiver, message);
    }

    /// In a block of the envelope's class, which goes back to the pool if it throws.
    template <class Argument>
    static message_node* create_in(void* block, basic_cell<F>& receiver, Argument&& message) {
        envelope_type* const fresh = envelope_type::create_in(block, &record, std::forward<Argument>(message));
        give_deadline<M, F>(*fresh, *receiver.core);
        F::tracing::sent(fresh->stamp.tracing, receiver.id, record.names);
        return fresh;
    }

    static void give_up(message_node* node, const std::exception_ptr&) { discard(node); }

private:
    static void run(message_node* node, basic_context<F>& turn) {
        auto& self = *static_cast<envelope_type*>(node);
        if constexpr (!detail::check_redelivery<A, M, F>()) {
            std::terminate();  // a recipient knows of the handler alone
        } else if constexpr (is_batched<A, M>) {
            batch_of_messages<A, M, F> batch(turn);
            batch.run(self, record);
        } else if (!detail::takes_now<A, M>(turn)) {
            self.destroy_payload();
            turn.leave_unhandled();
        } else if constexpr (envelope_type::trivial && !redelivers<A>) {
            detail::handle_told<A, M, F>(std::move(self.payload()), turn, record.message);
        } else {
            std::exception_ptr thrown;
            try {
                detail::handle_told<A, detail::handed<A, M, F>, F>(detail::hand_over<A, M, F>(self.payload()), turn,
                                                                   record.message);
            } catch (...) {
                if (detail::stays<A>(node, turn)) {
                    throw;
                }
                thrown = std::current_exception();
            }
            self.destroy_payload();
            if (thrown != nullptr) {
                std::rethrow_exception(std::move(thrown));
            }
        }
    }

    static void discard(message_node* node) { static_cast<envelope_type*>(node)->destroy_payload(); }

    static constexpr detail::record_type<A, F> record = detail::record_of<A, F, told_message>(
        {&run, &discard, envelope_type::size_class, type_name<M>(), detail::level_function<A, envelope_type, M>(),
         detail::key_function<envelope_type, M>()});
};

/// An ask: the message and the right to answer it.
template <class A, class M, class F>
struct asked_message {
    using reply = reply_type<A, M, F>;

    struct payload_type {
        M message;
        request<reply, F> answer;
    };

    using envelope_type = loaded_envelope<basic_context<F>, stamp_of<F>, payload_type>;

    /// Takes over `answer` if it returns.
    static message_node* create(basic_cell<F>& receiver, M&& message, request<reply, F>& answer) {
        envelope_type* const fresh = envelope_type::create(&record, make_payload{std::move(message), answer});
        give_deadline<M, F>(*fresh, *fresh->payload().answer.record());
        F::tracing::sent(fresh->stamp.tracing, receiver.id, record.names);
        return fresh;
    }

    static void give_up(message_node* node, const std::exception_ptr& thrown) {
        static_cast<envelope_type*>(node)->payload().answer.fail({ask_error::handler_threw, thrown});
        discard(node);
    }

private:
    // Converts where the payload is built, so that the request is moved only when the message has been.
    struct make_payload {
        M&& message;
        request<reply, F>& answer;
        operator payload_type() && { return payload_type{std::move(message), std::move(answer)}; }
    };

    static void run(message_node* node, basic_context<F>& turn) {
        auto& self = *static_cast<envelope_type*>(node);
        payload_type& payload = self.payload();
        if (!detail::takes_now<A, M>(turn)) {
            payload.answer.fail({ask_error::unhandled, nullptr});
            self.destroy_payload();
            turn.leave_unhandled();
            return;
        }
        if (payload.answer && payload.answer.record()->withdrawn.load(std::memory_order_relaxed)) [[unlikely]] {
            self.destroy_payload();
            return;
        }
        std::exception_ptr thrown;
        try {
            if constexpr (!detail::check_redelivery<A, M, F>()) {
                std::terminate();  // as above
            } else if constexpr (is_later<std::remove_cv_t<handler_result<A, M, F>>>) {
                run_later(payload, turn);
            } else if constexpr (is_task<std::remove_cv_t<handler_result<A, M, F>>>) {
                detail::begin_task<A, M, F>(std::move(payload.message), payload.answer, turn, record.message);
            } else {
                payload.answer.answer(detail::call_handler<A, detail::handed<A, M, F>, F>(
                    turn.template state<A>(), detail::hand_over<A, M, F>(payload.message), turn));
            }
        } catch (...) {
            if (payload.answer && detail::stays<A>(node, turn)) {  // the asker still waits for this very message
                throw;
            }
            thrown = std::current_exception();
            payload.answer.fail({ask_error::handler_threw, thrown});
        }
        self.destroy_payload();
        if (thrown != nullptr) {
            std::rethrow_exception(std::move(thrown));
        }
    }

    // The handler may take the right to answer away with it. If it throws afterwards, whoever holds that must not leave
    // the asker waiting: the throw is the answer, and the message is not delivered again.
    static void run_later(payload_type& payload, basic_context<F>& turn) {
        struct held_record {
            reply_record<reply, F>* record;
            ~held_record() {
                if (record != nullptr) {
                    record->release();
                }
            }
        } held{payload.answer.record()};
        held.record->retain();
        held.record->shared = true;
        const typename basic_context<F>::open_request open{&payload.answer, type_name<reply>()};
        turn.begin_request(open);
        try {
            static_cast<void>(detail::call_handler<A, detail::handed<A, M, F>, F>(
                turn.template state<A>(), detail::hand_over<A, M, F>(payload.message), turn));
        } catch (...) {
            turn.end_request();
            if (!payload.answer) {
                std::exchange(held.record, nullptr)->fail({ask_error::handler_threw, std::current_exception()});
            }
            throw;
        }
        turn.end_request();
        payload.answer.fail_as_answer({ask_error::no_answer, nullptr});  // unless the promise was taken
    }

    static void discard(message_node* node) { static_cast<envelope_type*>(node)->destroy_payload(); }

    static void refuse(message_node* node, delivery why) noexcept {
        const auto code = why == delivery::accepted    ? ask_error::timeout
                          : why == delivery::stopped   ? ask_error::actor_stopped
                          : why == delivery::no_target ? ask_error::no_target
                                                       : ask_error::mailbox_full;
        static_cast<envelope_type*>(node)->payload().answer.fail({code, nullptr});
    }

    static void* asked(message_node* node) noexcept {
        return static_cast<pending_ask<F>*>(static_cast<envelope_type*>(node)->payload().answer.record());
    }

    static constexpr detail::record_type<A, F> record = detail::record_of<A, F, asked_message>(
        {&run, &discard, envelope_type::size_class, type_name<M>(), detail::level_function<A, envelope_type, M>(),
         detail::key_function<envelope_type, M>(), &refuse, &asked,
         is_later<std::remove_cv_t<handler_result<A, M, F>>>});
};

}  // namespace drover
