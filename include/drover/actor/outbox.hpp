#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// The messages of one run of one actor that are not pushed yet: a chain for each receiver. A receiver has one place, by
/// its address; another receiver that falls on it sends the first one's chain on its way. Belongs to a worker.
///
/// Takes no count on a receiver: a cell that had not stopped when it was sent to stays for a grace period of this worker,
/// which does not pass while the run lasts.
template <class F>
class basic_outbox {
public:
    /// Sends of this worker go into its outbox from now on, for the actor that it runs. Null if there is no memory for one:
    /// then they go straight, as all others of this run.
    static basic_outbox* open(worker& me, const basic_cell<F>& sender) noexcept {
        if (me.outbox == nullptr) {
            try {
                me.outbox = std::make_shared<basic_outbox>();
            } catch (...) {
                return nullptr;
            }
        }
        auto* const self = static_cast<basic_outbox*>(me.outbox.get());
        self->worker_ = &me;
        self->most_ = sender.operations->outbox != 0 ? sender.operations->outbox : sender.core->outbox;
        thread_state& thread = this_thread();
        thread.outbox = self;
        thread.flush = [](void* box) noexcept { static_cast<basic_outbox*>(box)->flush(); };
        thread.direct = nullptr;
        return self;
    }

    /// After a last flush().
    void close() noexcept {
        thread_state& thread = this_thread();
        thread.outbox = nullptr;
        thread.direct = &worker_->core;
    }

    /// `deferred`, or what the push says that this message sets off.
    delivery add(basic_cell<F>& receiver, message_node* node) noexcept {
        const std::size_t index = place_of(receiver);
        const std::uint64_t bit = std::uint64_t{1} << index;
        chain& mine = chains_[index];
        while (mine.receiver != &receiver) {
            if (mine.receiver == nullptr) {
                mine = {&receiver, node, node, 1};
                used_ |= bit;
                return delivery::deferred;
            }
            used_ &= ~bit;
            push(mine);  // its dead letters' sink may tell somebody who falls on this place too
        }
        mine.last->next.store(node, std::memory_order_relaxed);
        mine.last = node;
        mine.count += 1;
        if (mine.count < most_) {
            return delivery::deferred;
        }
        used_ &= ~bit;
        return push(mine);
    }

    void flush() noexcept {
        while (used_ != 0) {
            const auto index = static_cast<std::size_t>(std::countr_zero(used_));
            used_ &= used_ - 1;
            push(chains_[index]);
        }
    }

private:
    static constexpr std::size_t places = 64;

    struct chain {
        basic_cell<F>* receiver = nullptr;
        message_node* first = nullptr;
        message_node* last = nullptr;
        std::size_t count = 0;
    };

    // Cells stand on multiples of a cache line, and mostly of more: the high bits of the product depend on all.
    static std::size_t place_of(const basic_cell<F>& receiver) noexcept {
        return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(&receiver) * 0x9E3779B97F4A7C15U) >> 58U);
    }

    delivery push(chain& full) noexcept {
        const chain sent = std::exchange(full, {});
        return sent.receiver->push(*worker_, sent.first, sent.last, sent.count);
    }

    std::array<chain, places> chains_{};
    std::uint64_t used_ = 0;
    worker* worker_ = nullptr;
    std::size_t most_ = 0;
};

}  // namespace drover
