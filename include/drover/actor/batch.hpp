#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "drover/actor/batch_deadline.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/handler.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/features/features.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/message/envelope.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

namespace detail {

template <class A, class M, class F>
decltype(auto) call_handler(A& state, M&& message, basic_context<F>& turn) {
    if constexpr (handler_traits<A, M, F>::plain) {
        return state(std::forward<M>(message));
    } else {
        return state(std::forward<M>(message), turn);
    }
}

// Room for `count` objects of type M that a worker keeps from one batch to the next.
template <class M>
M* scratch_of(worker& me, std::size_t count) {
    constexpr std::size_t alignment = std::max(alignof(M), alignof(std::max_align_t));
    const std::size_t wanted = count * sizeof(M) + alignment;
    if (me.scratch_size < wanted) {
        me.scratch = std::make_shared<std::byte[]>(wanted);
        me.scratch_size = wanted;
    }
    void* at = me.scratch.get();
    std::size_t room = me.scratch_size;
    return static_cast<M*>(std::align(alignment, count * sizeof(M), at, room));
}

}  // namespace detail

/// The messages of one call of a batch handler: moved out of their envelopes, side by side. If a move or the handler
/// throws, all of them have failed.
template <class A, class M, class F>
class batch_of_messages {
public:
    using envelope_type = loaded_envelope<basic_context<F>, stamp_of<F>, M>;

    explicit batch_of_messages(basic_context<F>& turn) noexcept : turn_(turn) {}
    batch_of_messages(const batch_of_messages&) = delete;
    batch_of_messages& operator=(const batch_of_messages&) = delete;
    ~batch_of_messages() { std::destroy_n(messages_, count_); }

    /// Handles `first` and what follows it with the same record. Throws what the handler, or a move, threw.
    void run(envelope_type& first, const operations_of<F>& record) {
        constexpr std::size_t most = batching_of<A>::most;
        std::exception_ptr thrown;
        attempt(thrown, [&] { messages_ = detail::scratch_of<M>(turn_.on(), most); });
        deadline_.begin(first);
        take(first, thrown);
        std::size_t taken = 1;
        while (taken < most) {
            std::array<message_node*, chunk> nodes;
            const std::size_t wanted = std::min(chunk, most - taken);
            const std::size_t got = turn_.take_more(&record, nodes.data(), wanted);
            take(nodes.data(), got, thrown);
            if (got != 0) {  // the last is still the mailbox's
                block_pool::release_all(nodes.data(), got - 1, envelope_type::size_class);
            }
            taken += got;
            if (got != wanted) {
                break;
            }
        }
        if (thrown != nullptr) {
            std::rethrow_exception(std::move(thrown));
        }
        deadline_.apply();
        F::metrics::on_batch(metrics_part<F>(turn_.on()), turn_.cell().subject(), count_);
        static_cast<void>(detail::call_handler<A, std::span<M>, F>(turn_.template state<A>(),
                                                                   std::span<M>(messages_, count_), turn_));
    }

private:
    static constexpr std::size_t chunk = 32;

    template <class Code>
    static void attempt(std::exception_ptr& thrown, Code code) noexcept {
        try {
            code();
        } catch (...) {
            if (thrown == nullptr) {
                thrown = std::current_exception();
            }
        }
    }

    void take(envelope_type& from, std::exception_ptr& thrown) noexcept {
        if constexpr (std::is_nothrow_move_constructible_v<M> && envelope_type::pooled) {
            if (messages_ != nullptr) [[likely]] {
                ::new (static_cast<void*>(messages_ + count_)) M(std::move(from.payload()));
                count_ += 1;
            }
            if constexpr (!envelope_type::trivial) {
                attempt(thrown, [&] { from.destroy_payload(); });
            }
        } else {
            if (thrown == nullptr) {
                attempt(thrown, [&] {
                    ::new (static_cast<void*>(messages_ + count_)) M(std::move(from.payload()));
                    count_ += 1;
                });
            }
            attempt(thrown, [&] { from.destroy_payload(); });
        }
    }

    void take(message_node* const* nodes, std::size_t count, std::exception_ptr& thrown) noexcept {
        if constexpr (std::is_trivially_copyable_v<M> && envelope_type::trivial && !has_deadlines<F>) {
            if (messages_ != nullptr) [[likely]] {
                M* const to = messages_ + count_;  // a local: what is stored through it might be a count
                for (std::size_t each = 0; each != count; ++each) {
                    ::new (static_cast<void*>(to + each))
                        M(std::move(static_cast<envelope_type*>(nodes[each])->payload()));
                }
                count_ += count;
            }
        } else {
            for (std::size_t each = 0; each != count; ++each) {
                if (deadline_.has_passed(*static_cast<envelope_type*>(nodes[each]), turn_)) {
                    turn_.leave_out(nodes[each]);
                } else {
                    take(*static_cast<envelope_type*>(nodes[each]), thrown);
                }
            }
        }
    }

    basic_context<F>& turn_;
    M* messages_ = nullptr;
    std::size_t count_ = 0;
    [[no_unique_address]] detail::batch_deadline<F> deadline_;
};

}  // namespace drover
