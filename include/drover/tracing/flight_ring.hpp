#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "drover/base/cache_line.hpp"
#include "drover/message/message_names.hpp"

namespace drover {

/// What a record of the flight recorder tells.
enum class flight_event_kind : std::uint8_t {
    sent,     ///< a message; `other` is the span that sent it
    due,      ///< a message whose time has come goes into the mailbox; only of those that wait for a time
    replied,  ///< a reply; `other` is the span that answers
    began,    ///< a handler begins; `other` is its actor
    joined,   ///< a message is taken along in a batch; `other` is the span of the handler
    resumed,  ///< a handler, or its continuation, goes on; `other` is the reply that it has waited for, or 0
    ended,    ///< one that began or was resumed has returned, waits, or has thrown
    rooted,   ///< the message that follows is the first of its trace here; the other words are the trace's id
};

/// 32 bytes, four words: the time, the span, what else belongs to the kind, and a pointer to the names with the kind in
/// its highest byte, where no address of a program has anything. Of `rooted`: the trace's low half in place of the
/// time.
using flight_record = std::array<std::uint64_t, 4>;

static_assert(sizeof(flight_record) == 32);

namespace detail {

inline constexpr unsigned kind_shift = 56;

inline std::uint64_t pack(flight_event_kind kind, const message_names* names) noexcept {
    return reinterpret_cast<std::uintptr_t>(names) | static_cast<std::uint64_t>(kind) << kind_shift;
}
inline flight_event_kind kind_of(const flight_record& record) noexcept {
    return static_cast<flight_event_kind>(record[3] >> kind_shift);
}
inline const message_names* names_of(const flight_record& record) noexcept {
    constexpr std::uint64_t address = (std::uint64_t{1} << kind_shift) - 1;
    return reinterpret_cast<const message_names*>(static_cast<std::uintptr_t>(record[3] & address));
}

}  // namespace detail

/// The last records of one thread, which writes them without a locked instruction and without ever waiting; anybody
/// reads them meanwhile. A reader copies, and then looks how far the writer has come: what it may have begun to write
/// over by then is given up, so that no torn record is seen. For that each word is stored with release and loaded with
/// acquire, which costs nothing on x86-64: who has seen a word of a record has seen the head that was stored before it.
class alignas(cache_line) flight_ring {
public:
    /// `records` is a power of two. Throws std::bad_alloc.
    explicit flight_ring(std::size_t records)
        : mask_(records - 1), words_(std::make_unique<std::atomic<std::uint64_t>[]>(records * words_each)) {}
    flight_ring(const flight_ring&) = delete;
    flight_ring& operator=(const flight_ring&) = delete;

    /// The owning thread, and a signal handler in it.
    void write(const flight_record& record) noexcept {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        std::atomic<std::uint64_t>* const at = words_.get() + (head & mask_) * words_each;
        for (std::size_t each = 0; each != words_each; ++each) {
            at[each].store(record[each], std::memory_order_release);  // pairs with copy()
        }
        head_.store(head + 1, std::memory_order_release);  // pairs with each_last()
    }

    /// Calls `take` with the last `most` records, oldest first, and gives the number of records that are lost: written
    /// over, in a full ring all but the last `capacity() - 1`. Any thread, and a signal handler: no memory, no lock.
    /// Throws what `take` throws.
    template <class Take>
    std::uint64_t each_last(std::uint64_t most, Take take) const {
        const std::uint64_t forgotten = forgotten_.load(std::memory_order_acquire);  // pairs with forget()
        const std::uint64_t end = head_.load(std::memory_order_acquire);             // pairs with write()
        const std::uint64_t oldest = std::max(forgotten, end - std::min(end, mask_));
        std::uint64_t lost = oldest - forgotten;
        for (std::uint64_t each = std::max(oldest, end - std::min(end, most)); each < end; ++each) {
            const flight_record one = copy(each);
            // The record at the head may be half written, in the place of the one a whole round before it.
            if (head_.load(std::memory_order_acquire) - each <= mask_) {
                take(one);
            } else {
                lost = each + 1 - forgotten;
            }
        }
        return lost;
    }

    /// From now on what has been written is not seen, and does not count as lost. Any thread.
    void forget() noexcept { forgotten_.store(head_.load(std::memory_order_acquire), std::memory_order_release); }

    std::uint64_t capacity() const noexcept { return mask_ + 1; }

private:
    static constexpr std::size_t words_each = 4;

    flight_record copy(std::uint64_t place) const noexcept {
        const std::atomic<std::uint64_t>* const at = words_.get() + (place & mask_) * words_each;
        flight_record one{};
        for (std::size_t each = 0; each != words_each; ++each) {
            one[each] = at[each].load(std::memory_order_acquire);  // pairs with write()
        }
        return one;
    }

    const std::uint64_t mask_;
    const std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
    std::atomic<std::uint64_t> head_{0};       // records that have been written
    std::atomic<std::uint64_t> forgotten_{0};  // of them, those that nobody is to see any more
};

}  // namespace drover
