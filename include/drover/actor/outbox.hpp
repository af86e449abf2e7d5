#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/prefetch.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// The messages of one run of one actor that are not pushed yet: a chain for each receiver, found by the receiver's
/// address in a table with open addressing (linear probing, at most half full) and sent in the order in which the
/// receivers were first told. Belongs to a worker; its thread only. Never blocks. `add` is O(1), `flush` as many steps
/// as there are receivers. The table grows once, from 128 receivers to 2048; one more sends all chains on their way.
///
/// Takes no count on a receiver: a cell that had not stopped when it was sent to stays for a grace period of this
/// worker, which does not pass while the run lasts. A receiver keeps its place until the next flush, even when its
/// chain has gone: nothing is taken out of the middle of the table, so a chain that is being pushed may set off further
/// sends.
template <class F>
class basic_outbox {
public:
    static constexpr std::size_t first_places = 256;
    static constexpr std::size_t most_places = 4096;

    /// Sends of this worker go into its outbox from now on, for the actor that it runs. Null if there is no memory for
    /// one: then they go straight, as all others of this run.
    static basic_outbox* open(worker& me, const basic_cell<F>& sender) noexcept {
        if (me.outbox == nullptr) {
            try {
                me.outbox = std::make_shared<basic_outbox>(me);
            } catch (...) {
                return nullptr;
            }
        }
        auto* const self = static_cast<basic_outbox*>(me.outbox.get());
        self->most_ = static_cast<std::uint32_t>(sender.operations->outbox != 0 ? sender.operations->outbox
                                                                                : sender.core->outbox);
        thread_state& thread = this_thread();
        thread.outbox = self;
        thread.flush = [](void* box) noexcept { static_cast<basic_outbox*>(box)->flush(); };
        thread.direct = nullptr;
        return self;
    }

    explicit basic_outbox(worker& me) : worker_(me), chains_(new chain[first_places]) {}

    /// After a last flush().
    void close() noexcept {
        thread_state& thread = this_thread();
        thread.outbox = nullptr;
        thread.direct = &worker_.core;
    }

    /// Only actors of its runtime whose mailbox is the list, and which live.
    bool takes(const basic_cell<F>& receiver) const noexcept {
        return receiver.core.straight(&worker_.core) && !receiver.system.is_closed();
    }

    /// Memory for a message to `receiver`. Throws std::bad_alloc. One that is told much gets its messages side by side:
    /// it reads them one after the other, and when there are more than its cache holds, that is what its time goes
    /// into.
    [[gnu::always_inline]] void* room_for(const basic_cell<F>& receiver, std::uint8_t size_class) {
        chain& mine = chains_[find(receiver)];
        if (mine.room.left != 0 && mine.room.size_class == size_class) [[likely]] {
            return mine.room.take();
        }
        return more_room(mine, size_class);
    }

    /// `deferred`, or what the push says that this message sets off. From here on the message is offered and pending.
    [[gnu::always_inline]] delivery add(basic_cell<F>& receiver, message_node* node) noexcept {
        worker_.pushed.add(1);
        chain& mine = chains_[find(receiver)];
        if (mine.last == nullptr || mine.count + 2 >= most_) [[unlikely]] {
            return add_with_care(receiver, node);
        }
        mine.last->next.store(node, std::memory_order_relaxed);
        mine.last = node;
        mine.count += 1;
        return delivery::deferred;
    }

    void flush() noexcept {
        // A push may run the sink of dead letters, which may send, to whoever had been served, and flush.
        while (waiting_ != 0) {
            for (std::size_t each = 0; each < used_count_; ++each) {
                if (each + ahead < used_count_) {
                    prefetch_to_write(chains_[used_[each + ahead]].receiver);
                }
                chain& next = chains_[used_[each]];
                if (next.last != nullptr) {
                    push(next);
                }
            }
        }
        for (std::size_t each = 0; each < used_count_; ++each) {
            chains_[used_[each]].receiver = nullptr;
            chains_[used_[each]].room.release();
            chains_[used_[each]].together = 0;
        }
        used_count_ = 0;
    }

private:
    static constexpr std::size_t ahead = 4;  // how far before its push a receiver's line is asked for

    static constexpr std::uint8_t least_together = 4;
    static constexpr std::uint8_t most_together = 32;

    struct chain {
        basic_cell<F>* receiver = nullptr;
        message_node* first = nullptr;
        message_node* last = nullptr;  // null: nothing waits
        block_pool::run room;
        std::uint32_t count = 0;
        std::uint8_t together = 0;  // how many messages its last room was for
    };

    // The place of its chain, or the free one where it would be.
    std::size_t find(const basic_cell<F>& receiver) const noexcept {
        // Cells stand on multiples of a cache line, and mostly of more: the high bits of the product depend on all.
        std::size_t place =
            static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(&receiver) * 0x9E3779B97F4A7C15U) >> shift_);
        while (chains_[place].receiver != &receiver && chains_[place].receiver != nullptr) [[unlikely]] {
            place = (place + 1) & mask_;
        }
        return place;
    }

    // As much again as it has been told since the last flush, so that what is left over then is never more than was
    // used. Of one class at a time: messages that alternate between two would give back what they have just taken.
    [[gnu::noinline]] static void* more_room(chain& mine, std::uint8_t size_class) {
        if (mine.room.left != 0 || (mine.together == 0 && mine.count < least_together)) {
            return block_pool::allocate(size_class);
        }
        mine.together = std::clamp(static_cast<std::uint8_t>(2 * mine.together), least_together, most_together);
        mine.room = block_pool::allocate_run(size_class, mine.together);
        return mine.room.take();
    }

    // The first message of a chain, and the last two.
    [[gnu::noinline]] delivery add_with_care(basic_cell<F>& receiver, message_node* node) noexcept {
        if (chains_[find(receiver)].receiver == nullptr && used_count_ == used_.size() / (grown() ? 1 : most_growth)) {
            if (grown() || !grow()) {
                flush();
            }
        }
        const std::size_t place = find(receiver);
        chain& mine = chains_[place];
        if (mine.receiver == nullptr) {
            mine.receiver = &receiver;
            used_[used_count_++] = static_cast<std::uint16_t>(place);
        }
        if (mine.last == nullptr) {
            mine.first = node;
            waiting_ += 1;
        } else {
            mine.last->next.store(node, std::memory_order_relaxed);
        }
        mine.last = node;
        mine.count += 1;
        if (mine.count < most_) {
            if (mine.count + 1 == most_) {
                prefetch_to_write(&receiver);  // pushed by the next one
            }
            return delivery::deferred;
        }
        return push(mine);
    }

    delivery push(chain& full) noexcept {
        basic_cell<F>& receiver = *full.receiver;
        message_node* const first = full.first;
        message_node* const last = std::exchange(full.last, nullptr);
        const std::size_t count = std::exchange(full.count, 0);
        waiting_ -= 1;
        return receiver.push_counted(worker_, first, last, count);
    }

    bool grown() const noexcept { return mask_ + 1 == most_places; }

    // False if there is no memory.
    bool grow() noexcept {
        std::unique_ptr<chain[]> larger(new (std::nothrow) chain[most_places]);
        if (larger == nullptr) {
            return false;
        }
        const std::unique_ptr<chain[]> smaller = std::exchange(chains_, std::move(larger));
        mask_ = most_places - 1;
        shift_ = shift_of(most_places);
        for (std::size_t each = 0; each != used_count_; ++each) {
            const chain& old = smaller[used_[each]];
            const std::size_t place = find(*old.receiver);
            chains_[place] = old;
            used_[each] = static_cast<std::uint16_t>(place);
        }
        return true;
    }

    static constexpr unsigned shift_of(std::size_t places) noexcept {
        return 64U - static_cast<unsigned>(std::countr_zero(places));
    }

    static constexpr std::size_t most_growth = most_places / first_places;

    worker& worker_;
    std::unique_ptr<chain[]> chains_;
    std::size_t mask_ = first_places - 1;
    unsigned shift_ = shift_of(first_places);
    std::uint32_t most_ = 0;
    std::size_t waiting_ = 0;  // chains that are not empty
    std::size_t used_count_ = 0;
    std::array<std::uint16_t, most_places / 2> used_{};  // places that are taken, in the order of first use
};

}  // namespace drover
