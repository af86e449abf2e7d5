#pragma once

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "drover/actor/context.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/message.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/features.hpp"
#include "drover/message/delivery.hpp"

namespace drover {

/// Messages that an actor of type `A` keeps for later, N at most, in the order in which they were put in. A member of
/// the actor or of one of its behaviours; `A` may be incomplete there. All members are for the actor's own code, on its
/// worker, and never block. A message in a stash is a message sent that is still pending; one that is there when the
/// stash is destroyed becomes a dead letter with the reason `stopped`. `drain` does not wait for a stash.
template <class A, std::size_t N, class F = features>
class stash {
    static_assert(N > 0, "drover: a stash of no messages: give it room for one at least");

public:
    stash() noexcept = default;
    stash(const stash&) = delete;
    stash& operator=(const stash&) = delete;
    ~stash() {
        if (size_ != 0 && owner_->phase == cell_phase::restarting) {
            owner_->extra.load(std::memory_order_relaxed)->give_back(first_.load(std::memory_order_relaxed), last_);
        } else {
            bury_all(dead_letter_reason::stopped);
        }
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    static constexpr std::size_t capacity() noexcept { return N; }

    /// Keeps a message that `A` has a handler for, moved or copied as an argument is. O(1). `accepted`, or
    /// `rejected_full`: then the argument is untouched, and the message it would have become a dead letter with the
    /// reason `rejected`. Throws std::bad_alloc and what the move or copy throws, then nothing is kept;
    /// std::logic_error in an actor that is no `A`.
    template <class M>
    delivery put(M&& message, basic_context<F>& turn) {
        using message_type = std::decay_t<M>;
        if constexpr (check_tell<A, message_type, F>()) {
            basic_cell<F>& self = owner(turn);
            if (size_ == N) {
                turn.on().pushed.add(1);
                self.bury(type_name<message_type>(), dead_letter_reason::rejected);
                return delivery::rejected_full;
            }
            message_node* const node = told_message<A, message_type, F>::create(self, std::forward<M>(message));
            turn.on().pushed.add(1);
            self.note_enqueued(turn.on(), node, 1);
            owner_ = &self;
            (last_ != nullptr ? last_->next : first_).store(node, std::memory_order_relaxed);
            last_ = node;
            size_ += 1;
        }
        return delivery::accepted;
    }

    /// When the present handler has returned, all that is here is handled in order, before anything in the mailbox;
    /// signals still go first. What is put in meanwhile stays for the next replay. If a handler throws and the actor
    /// stops of it, the rest become dead letters. O(1). Throws std::bad_alloc, then nothing has happened;
    /// std::logic_error as put().
    void replay(basic_context<F>& turn) {
        static_cast<void>(owner(turn));
        if (size_ != 0) {
            turn.replay(first_.load(std::memory_order_relaxed), last_);
            forget();
        }
    }

    /// Makes all that is here dead letters with the reason `dropped`. O(n). Throws std::logic_error as put().
    void clear(basic_context<F>& turn) {
        static_cast<void>(owner(turn));
        bury_all(dead_letter_reason::dropped);
    }

private:
    static basic_cell<F>& owner(basic_context<F>& turn) {
        basic_cell<F>& self = turn.cell();
        if (*self.operations->type != typeid(A)) {
            throw std::logic_error(join_text({"drover: a stash of ", type_name<A>(), " was used by a ",
                                              self.operations->name, "; name the type that was spawned"}));
        }
        return self;
    }

    void forget() noexcept {
        first_.store(nullptr, std::memory_order_relaxed);
        last_ = nullptr;
        size_ = 0;
    }

    void bury_all(dead_letter_reason reason) noexcept {
        message_node* each = first_.load(std::memory_order_relaxed);
        forget();
        while (each != nullptr) {
            message_node* const next = each->next.load(std::memory_order_relaxed);
            owner_->note_left();
            owner_->bury(each, reason);
            owner_->discard(each);
            basic_cell<F>::release_envelope_of(each);
            each = next;
        }
    }

    std::atomic<message_node*> first_{nullptr};  // atomic as the links are; no other thread looks
    message_node* last_ = nullptr;
    basic_cell<F>* owner_ = nullptr;  // outlives its state, of which this is a part
    std::size_t size_ = 0;
};

}  // namespace drover
