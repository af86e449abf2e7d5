#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/message.hpp"
#include "drover/actor/message_deadline.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/actor/routing_key.hpp"
#include "drover/actor/send.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/envelope.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

/// What one publication gives to all: the message, which nobody may change any more, and how many envelopes still hold
/// it.
template <class M>
struct publication {
    /// With `count` references. Throws std::bad_alloc and what the message's move constructor throws.
    static publication* create(M&& message, std::size_t count) {
        void* const memory = pooled_memory<publication>::allocate();
        try {
            return new (memory) publication(std::move(message), count);
        } catch (...) {
            pooled_memory<publication>::deallocate(memory);
            throw;
        }
    }

    publication(const publication&) = delete;
    publication& operator=(const publication&) = delete;

    const M& message() const noexcept { return message_; }

    /// Any thread. The last one destroys the message, and throws what that throws once the memory has been given back.
    void release(std::size_t count = 1) {
        if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) {
            const struct memory {
                publication* block;
                ~memory() { pooled_memory<publication>::deallocate(block); }
            } freed{this};
            std::destroy_at(this);
        }
    }

private:
    publication(M&& message, std::size_t count) : references_(count), message_(std::move(message)) {}

    std::atomic<std::size_t> references_;
    const M message_;

public:
    ~publication() noexcept(std::is_nothrow_destructible_v<M>) = default;
};

/// A published message on its way to an actor of type `A`, whose handler gets it as `const M&`.
template <class A, class M, class F>
struct published_message {
    using envelope_type = loaded_envelope<basic_context<F>, stamp_of<F>, publication<M>*>;

    /// One of the publication's `spare` references goes into the actor's mailbox, unless it has no room: a publisher is
    /// never made to wait. Throws std::bad_alloc, and std::out_of_range for a priority that the mailbox does not have.
    static delivery give(basic_cell<F>& receiver, lane& mine, publication<M>& shared, std::size_t& spare) {
        const detail::port<A, F> way(receiver, mine);
        if (!way.gate_open()) [[unlikely]] {
            return way.refuse(type_name<M>(), delivery::stopped);
        }
        way.check_level(shared.message());
        const admitted place = way.admit(1, false);
        detail::reservation reserved(way, place, 1);
        if (!is_accepted(place.result)) [[unlikely]] {
            return way.refuse(type_name<M>(), place.result);
        }
        envelope_type* const fresh = envelope_type::create(&record, &shared);
        reserved.keep();
        spare -= 1;
        give_deadline<M, F>(*fresh, *receiver.core);
        F::tracing::sent(fresh->stamp.tracing, receiver.id, record.names);
        return way.push({fresh, fresh, 1}, place);
    }

    static void give_up(message_node* node, const std::exception_ptr&) { discard(node); }

private:
    static void run(message_node* node, basic_context<F>& turn) {
        publication<M>* const shared = static_cast<envelope_type*>(node)->payload();
        if (!detail::takes_now<A, const M&>(turn)) {
            shared->release();
            turn.leave_unhandled();
            return;
        }
        std::exception_ptr thrown;
        try {
            detail::handle_told<A, const M&, F>(shared->message(), turn, record.message);
        } catch (...) {
            if (detail::stays<A>(node, turn)) {
                throw;
            }
            thrown = std::current_exception();
        }
        shared->release();
        if (thrown != nullptr) {
            std::rethrow_exception(std::move(thrown));
        }
    }

    static consteval auto level_function() noexcept -> std::size_t (*)(const message_node*) {
        if constexpr (prioritised<A, M>) {
            return [](const message_node* node) {
                return priority_of<A>(static_cast<const envelope_type*>(node)->payload()->message());
            };
        } else {
            return nullptr;
        }
    }

    static consteval auto key_function() noexcept -> std::uint64_t (*)(const message_node*) {
        if constexpr (detail::has_routing_key<M>) {
            return [](const message_node* node) {
                return detail::declared_key<M>(static_cast<const envelope_type*>(node)->payload()->message()).bits;
            };
        } else {
            return nullptr;
        }
    }

    static void discard(message_node* node) { static_cast<envelope_type*>(node)->payload()->release(); }

    static constexpr detail::record_type<A, F> record = detail::record_of<A, F, published_message>(
        {&run, &discard, envelope_type::size_class, type_name<M>(), level_function(), key_function()});
};

/// True, or one error of one fixed sentence: can an actor of type `A` be given messages that it shares with others?
template <class A, class M, class F>
consteval bool check_subscriber() {
    using traits = handler_traits<A, const M&, F>;
    if constexpr (traits::ambiguous) {
        static_assert(
            !traits::ambiguous,
            "drover: ambiguous handler: more than one call operator of the actor takes this message equally well");
        return false;
    } else if constexpr (task_refers_to_message<A, const M&, F>()) {
        static_assert(
            !task_refers_to_message<A, const M&, F>(),
            "drover: a coroutine handler takes its message by value: what a reference refers to is gone when the "
            "handler goes on");
        return false;
    } else {
        static_assert(traits::exists,
                      "drover: no shared handler: a topic's subscribers share each message, so their handler must take "
                      "it by const reference or by value");
        if constexpr (traits::exists) {
            return detail::check_redelivery<A, const M&, F>();
        } else {
            return false;
        }
    }
}

}  // namespace drover
