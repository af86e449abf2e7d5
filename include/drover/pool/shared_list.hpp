#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <type_traits>
#include <utility>

#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "drover/base/cache_line.hpp"
#include "drover/base/futex.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/mailbox/unlinked.hpp"

namespace drover {

/// The queue of a pool whose members take from it: any number of senders and of consumers, in the order, with the
/// limits and with the levels of `Mailbox`. A push is one exchange, as into a mailbox; it takes no lock and does not
/// allocate. Consumers exclude each other by a short lock.
///
/// Nobody is woken by a push: its sender looks for an idle member afterwards. And a member that goes idle says so first
/// and then looks at `quiet`. Push, mark and both looks are in one order, so one of the two sees the other. Modelled in
/// tests/model/shared_queue.pml.
template <mailbox_policy Mailbox>
class shared_list : public boost::intrusive_ref_counter<shared_list<Mailbox>, boost::thread_safe_counter> {
    using kind = unlinked<Mailbox>;

public:
    static constexpr bool limited = Mailbox::limited;

    explicit shared_list(const mailbox_limits& limits) : own_(limits) {
        tagged_list::start_scheduled(entrance_, consumed_);
    }

    auto& room() noexcept
        requires(limited)
    {
        return own_.room;
    }
    auto& gathering() noexcept
        requires requires(typename kind::extra& x) { x.gathering; }
    {
        return own_.gathering;
    }

    void push(message_node* first, message_node* last) noexcept {
        tagged_list::push_chain(entrance_, first, last, std::memory_order_seq_cst);
    }

    /// The next one, or null: because there is none, it is not `wanted`, or its sender is between the two steps of its
    /// push. `owner.fell_to_low_water()` is called outside the lock.
    template <class Owner, class Wanted = any_node>
    message_node* pop(const Owner& owner, Wanted wanted = {}) noexcept {
        if (quiet()) {
            return nullptr;
        }
        bool fell = false;
        message_node* next = nullptr;
        {
            const std::lock_guard lock(mutex_);
            next = taking<std::is_same_v<Wanted, any_node>>(
                [&] { return kind::pop(entrance_, consumed_, own_, level_of<Owner>{owner, fell}, wanted); });
        }
        if (fell) {
            owner.fell_to_low_water();
        }
        return next;
    }

    /// A sender's that found no room, as the mailbox has it.
    template <class Owner>
    message_node* evict(const Owner& owner) noexcept
        requires requires(tagged_list::producer_side& p, typename kind::extra& x) { kind::evict(p, x, owner); }
    {
        const std::lock_guard lock(mutex_);
        bool fell = false;
        return taking<true>([&] { return kind::evict(entrance_, own_, level_of<Owner>{owner, fell}); });
    }

    /// Does nothing wait? Also false while a sender is between its two steps, and perhaps once after the last has left.
    bool quiet() const noexcept {
        // What was taken off and not given is told before it is taken off, so who sees an entrance emptied by that sees
        // it.
        return tagged_list::is_clear(entrance_) && !more_.load(std::memory_order_acquire);
    }

    /// How many wait, `most` at most. Linear, under the lock.
    std::size_t count(std::size_t most = tagged_list::all) const noexcept {
        const std::lock_guard lock(mutex_);
        return kind::count(entrance_, consumed_, own_, most);
    }

private:
    // A node in a shared list is no end mark, and its memory is for whoever takes it.
    template <class Owner>
    struct level_of {
        const Owner& owner;
        bool& fell;

        static void retire(message_node*) noexcept {}
        static bool is_mark(const message_node*) noexcept { return false; }
        std::size_t level(const message_node* node) const noexcept { return owner.level(node); }
        void fell_to_low_water() const noexcept { fell = true; }
    };

    template <bool AnyNode, class Take>
    message_node* taking(Take take) noexcept {
        more_.store(true, std::memory_order_relaxed);  // released by what takes nodes off the entrance
        message_node* const next = take();
        if constexpr (AnyNode) {  // then what waits has no link yet, and is counted as one at most
            if (next == nullptr && kind::count(entrance_, consumed_, own_) == 0) {
                more_.store(false, std::memory_order_relaxed);
            }
        }
        return next;
    }

    // Senders' line.
    alignas(cache_line) tagged_list::producer_side entrance_;
    // Consumers' line.
    alignas(cache_line) mutable futex_mutex mutex_;
    std::atomic<bool> more_{false};
    tagged_list::consumer_side consumed_;
    typename kind::extra own_;
};

}  // namespace drover
