#pragma once

#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/shown_name.hpp"
#include "drover/base/block_pool.hpp"

namespace drover {

/// What can be done with a message of an actor whose type redelivers, beside what can be done with any.
template <class F>
struct redelivered_operations : operations_of<F> {
    /// Its handler threw, and that was the last time: answers it if it was asked, and destroys it. Throws what that
    /// throws.
    void (*give_up)(message_node*, const std::exception_ptr&);
};

/// The guard of an actor that may get a message again. There is one such message at a time, because nothing else is
/// handled until it has come to its end; so it stays in its envelope: the mailbox keeps the one that it gave last, as a
/// link, until it is asked for the next. What stands in the chain of messages that a stash gave back, before all
/// others, is a mark. So no attempt allocates or moves anything, and no capacity is taken again. Used by the consumer
/// alone.
template <class F>
class redelivering_guard : public actor_guard<F> {
public:
    /// The handler of `node`, which is as it was, throws. True if it is to stay for another attempt, should the actor
    /// go on.
    bool keep(message_node* node) noexcept {
        if (attempts_ == this->plan_says.redeliver) {
            return false;
        }
        node_ = node;
        failing_ = true;
        return true;
    }

    /// What keep() was told of and nobody has decided about yet, or null.
    message_node* failing() const noexcept { return failing_ ? node_ : nullptr; }
    message_node* take_failing() noexcept { return std::exchange(failing_, false) ? node_ : nullptr; }

    /// The message of keep() waits for its next attempt, before all others.
    void wait(cell_extra<F>& extra) noexcept {
        failing_ = false;
        waits_ = true;
        attempts_ += 1;
        extra.give_back_first(mark_);
    }
    bool waits() const noexcept { return waits_; }

    /// Nobody else gives its memory back: it came out of a stash.
    void own() noexcept { owned_ = true; }

    /// The mark has been taken: the message that it stands for.
    message_node* begin_attempt() noexcept {
        waits_ = false;
        return node_;
    }

    /// That message has come to its end.
    [[gnu::noinline]] void end() noexcept {
        attempts_ = 0;
        message_node* const gone = std::exchange(node_, nullptr);
        if (std::exchange(owned_, false)) {
            block_pool::release(gone, static_cast<envelope_of<F>*>(gone)->operations->size_class);
        }
    }

    /// Is a node out of the chain a mark? No message that can wait has such a record.
    static bool is_mark(const message_node* node) noexcept {
        return static_cast<const envelope_of<F>*>(node)->operations->size_class == operations_of<F>::not_pooled;
    }

protected:
    using actor_guard<F>::actor_guard;
    ~redelivering_guard() = default;

private:
    static constexpr operations_of<F> mark_record{nullptr, nullptr, operations_of<F>::not_pooled, "delivered again"};

    message_node* node_ = nullptr;
    std::uint32_t attempts_ = 0;  // that have failed, of `node_`
    bool failing_ = false;
    bool waits_ = false;
    bool owned_ = false;
    envelope_of<F> mark_{&mark_record};
};

template <class F>
redelivering_guard<F>* redelivery_of(const basic_cell<F>& cell) noexcept {
    actor_guard<F>* const its = guard_of(cell);
    return its != nullptr && its->plan_says.redeliver != 0 ? static_cast<redelivering_guard<F>*>(its) : nullptr;
}

/// In a handler that throws, of a message that is as it was: is it to stay in its envelope? Then what was thrown must
/// go on.
template <class F>
bool keep_message(message_node* node, basic_context<F>& turn) noexcept {
    redelivering_guard<F>* const its = redelivery_of(turn.cell());
    return its != nullptr && its->keep(node);
}

namespace detail {

// As which type a handler is given its message: as an rvalue, or, if that may be wanted again, by const reference or a
// copy.
template <class A, class M, class F>
consteval auto handed_type() noexcept {
    if constexpr (!redelivers<A>) {  // what its handler makes of another type is not looked at
        return std::type_identity<M>{};
    } else {
        return std::type_identity<std::conditional_t<leaves_unchanged<A, M, F>(), const M&, M>>{};
    }
}
template <class A, class M, class F>
using handed = typename decltype(handed_type<A, M, F>())::type;

template <class A, class M, class F>
decltype(auto) hand_over(M& message) {
    if constexpr (!redelivers<A>) {
        return std::move(message);
    } else if constexpr (leaves_unchanged<A, M, F>()) {
        return std::as_const(message);
    } else {
        return M(std::as_const(message));
    }
}

template <class A, class F>
bool stays([[maybe_unused]] message_node* node, [[maybe_unused]] basic_context<F>& turn) noexcept {
    if constexpr (redelivers<A>) {
        return keep_message(node, turn);
    } else {
        return false;
    }
}

template <class A, class F>
using record_type = std::conditional_t<redelivers<A>, redelivered_operations<F>, operations_of<F>>;

// With the names that tracing shows.
template <class A, class F>
consteval operations_of<F> named(operations_of<F> plain) noexcept {
    plain.names = {shown_name<A>(), plain.message};
    return plain;
}

// `Message` has `give_up`, which is wanted for an actor that redelivers alone.
template <class A, class F, class Message>
consteval record_type<A, F> record_of(operations_of<F> plain) noexcept {
    if constexpr (redelivers<A>) {
        return {named<A, F>(plain), &Message::give_up};
    } else {
        return named<A, F>(plain);
    }
}

}  // namespace detail

}  // namespace drover
