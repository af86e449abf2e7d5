#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "drover/mailbox/push_result.hpp"
#include "drover/message/node.hpp"

namespace drover {

struct any_node {
    constexpr bool operator()(const message_node*) const noexcept { return true; }
};

/// The list that every mailbox has in its cell: many producers, one consumer, no bound. A push is one `exchange`,
/// whatever the length of the chain; a pop is two loads. Bits of the head word say that the consumer has gone, so the
/// push itself learns that it must wake it; mailboxes that keep messages elsewhere use the bits alone.
///
/// - `push_chain(p, first, last)` may be called from any thread, never blocks and never allocates. The nodes are linked
///   from first to last and `last->next` is null. Nodes of one sender come out in the order they went in.
/// - `pop`, `try_mark_idle`, `try_close`, `count` are the consumer's. `pop` gives null if it finds nothing, which may
///   be because a sender is between making a push visible and linking it; the node it gave stays in the list as a link
///   until it is passed to `retire`, by a later call.
/// - `try_mark_idle` is true if nothing waits and the list now says that the consumer is gone, after which exactly one
///   push answers `woke`. `clear_idle` is anybody's: true if it removed that mark, so that the caller takes the place
///   of that push. `try_close` is as `try_mark_idle`, but for ever: each push that finds the mark answers `closed`, and
///   its sender is the consumer until it has closed again.
///
/// Vyukov's intrusive queue of many producers and one consumer, with the mark in the head word as in Pony's runtime.
/// Unlike there, going idle swings the list back to a stub inside the mailbox, so an idle actor holds no envelope.
/// Modelled in tests/model/cell.pml.
struct tagged_list {
    static constexpr std::uintptr_t idle = 1;
    static constexpr std::uintptr_t closed = 2;
    static constexpr std::uintptr_t marks = idle | closed;

    static constexpr std::size_t all = static_cast<std::size_t>(-1);  ///< counted without a bound

    struct producer_side {
        std::atomic<std::uintptr_t> head{0};  // the node pushed last, and the marks
        message_node stub;                    // its link is written by the first push after an idle time
    };

    struct consumer_side {
        message_node* tail = nullptr;  // the node handled last, or the stub: the next message hangs on its link
    };

    static void start_idle(producer_side& p, consumer_side& c) noexcept { start(p, c, idle); }
    static void start_scheduled(producer_side& p, consumer_side& c) noexcept { start(p, c, 0); }

    static push_result push_chain(producer_side& p, message_node* first, message_node* last,
                                  std::memory_order order = std::memory_order_acq_rel) noexcept {
        // Releases the nodes to the consumer that loads the link below; acquires what the consumer did before its mark,
        // because the one who finds a mark may become the consumer.
        const std::uintptr_t previous = p.head.exchange(word(last), order);
        node(previous)->next.store(first, std::memory_order_release);  // pairs with the load in pop()
        if ((previous & marks) == 0) {
            return push_result::queued;
        }
        return (previous & closed) != 0 ? push_result::closed : push_result::woke;
    }

    /// Leaves a node that is not `wanted` where it is, and gives null.
    template <class Retire, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, Retire retire, Wanted wanted = {}) noexcept {
        message_node* const last = c.tail;
        message_node* const next = last->next.load(std::memory_order_acquire);  // pairs with the store in push_chain()
        if (next == nullptr || !wanted(next)) {
            return nullptr;
        }
        c.tail = next;
        if (last != &p.stub) {
            retire(last);
        }
        return next;
    }

    /// As so many calls of pop(), up to `most` or to one that is not `wanted`; writes what they give and retires none
    /// of it, nor what pop() gave last. Gives how many.
    template <class Wanted>
    static std::size_t take(consumer_side& c, message_node** nodes, std::size_t most, Wanted wanted) noexcept {
        message_node* last = c.tail;
        std::size_t taken = 0;
        while (taken != most) {
            message_node* const next = last->next.load(std::memory_order_acquire);  // pairs with push_chain()
            if (next == nullptr || !wanted(next)) {
                break;
            }
            nodes[taken++] = next;
            last = next;
        }
        c.tail = last;
        return taken;
    }

    template <class Retire>
    static bool try_mark_idle(producer_side& p, consumer_side& c, Retire retire) noexcept {
        return try_leave(p, c, idle, retire);
    }

    template <class Retire>
    static bool try_close(producer_side& p, consumer_side& c, Retire retire) noexcept {
        return try_leave(p, c, closed, retire);
    }

    static bool clear_idle(producer_side& p) noexcept {
        // A read-modify-write, so that it and the consumer's mark are ordered: whichever comes second sees the first,
        // and with it the system lane (release here, acquire in try_leave, and the other way round).
        return (p.head.fetch_and(~idle, std::memory_order_acq_rel) & idle) != 0;
    }

    /// The same for whoever put a message elsewhere than into this list, after that: what the push would have answered.
    static push_result announce(producer_side& p) noexcept {
        // One order with the consumer's marks, as in clear_idle(): it looks for the message after its mark, or we see
        // that.
        std::uintptr_t seen = p.head.fetch_and(~idle, std::memory_order_acq_rel);
        if ((seen & idle) != 0) {
            return push_result::woke;
        }
        while ((seen & closed) != 0) {
            if (p.head.compare_exchange_weak(seen, seen & ~closed, std::memory_order_acq_rel,
                                             std::memory_order_acquire)) {
                return push_result::closed;
            }
        }
        return push_result::queued;
    }

    /// Anybody's: no node is in it, and no mark. In one order with sequentially consistent pushes.
    static bool is_clear(const producer_side& p) noexcept {
        return p.head.load(std::memory_order_seq_cst) == word(&p.stub);
    }

    /// What was taken off the list. The link of a node before the last may be missing for a moment.
    struct chain {
        message_node* first = nullptr;
        message_node* last = nullptr;
    };

    /// The consumer's, for mailboxes that take nodes off for good and so never call pop(): everything that waits.
    static chain take_all(producer_side& p) noexcept {
        message_node* const first = p.stub.next.load(std::memory_order_acquire);  // pairs with push_chain()
        if (first == nullptr) {
            return {};
        }
        // Written by nobody else before the exchange: the one push that found the stub at the head has linked its node.
        p.stub.next.store(nullptr, std::memory_order_relaxed);
        return {first, node(p.head.exchange(word(&p.stub), std::memory_order_acq_rel))};
    }

    /// Up to the first link that is still missing, and no further than to `most`.
    static std::size_t count(const producer_side&, const consumer_side& c, std::size_t most = all) noexcept {
        std::size_t waiting = 0;
        for (const message_node* each = c.tail->next.load(std::memory_order_acquire);
             each != nullptr && waiting != most; each = each->next.load(std::memory_order_acquire)) {
            waiting += 1;
        }
        return waiting;
    }

private:
    static std::uintptr_t word(const message_node* n) noexcept { return reinterpret_cast<std::uintptr_t>(n); }
    static message_node* node(std::uintptr_t w) noexcept { return reinterpret_cast<message_node*>(w & ~marks); }

    static void start(producer_side& p, consumer_side& c, std::uintptr_t mark) noexcept {
        c.tail = &p.stub;
        p.head.store(word(&p.stub) | mark, std::memory_order_relaxed);
    }

    // The end of the list and the mark change in one step, so no push can come between. What the next consumer needs is
    // written before: after a success another thread may be the consumer.
    template <class Retire>
    static bool try_leave(producer_side& p, consumer_side& c, std::uintptr_t mark, Retire retire) noexcept {
        message_node* const last = c.tail;
        if (last != &p.stub) {
            p.stub.next.store(nullptr, std::memory_order_relaxed);
            c.tail = &p.stub;
        }
        std::uintptr_t expected = word(last);
        if (!p.head.compare_exchange_strong(expected, word(&p.stub) | mark, std::memory_order_acq_rel,
                                            std::memory_order_relaxed)) {
            c.tail = last;
            return false;
        }
        if (last != &p.stub) {
            retire(last);
        }
        return true;
    }
};

static_assert(sizeof(tagged_list::producer_side) == 16);
static_assert(sizeof(tagged_list::consumer_side) == 8);

}  // namespace drover
