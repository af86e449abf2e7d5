#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "drover/balancing/member.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/base/text.hpp"

namespace drover {

/// Which members of a pool have nothing to do: a mark for each slot (member_info::slot), set by the member and taken by
/// who sends to it. It belongs to the pool and outlives tables. Any thread, any number at once; nothing blocks, and
/// nothing but the constructor allocates.
///
/// Where members are picked a mark is a hint: no message depends on it, since a push wakes an idle member, marked or
/// not. What is promised is that an idle member is not forgotten, i.e. unmarked for good (tests/model/idle_mask.pml):
///
/// - A member marks itself (`announce`) *before* it becomes idle in its mailbox, and withdraws that if it did not
///   become so. After it, a sender could have woken it, and the mark be set while it works.
/// - When it begins to work it withdraws the mark as well: who sent to it past the mask has not taken it. It may do so
///   at each turn.
/// - Who claims a mark and then is refused by the mailbox, or sends to somebody else after all, restores it, whatever
///   the load: what is counted there may be another's, who is refused just then and has no mark to restore. A member
///   that is busy may so be marked, until its next withdrawal; one that is gone, too, and whoever has its slot next
///   begins with a withdrawal.
///
/// Where members take from a queue of the pool (shared_queue) messages do depend on marks. There who claims one wakes
/// the member and restores nothing: the member looks for that (pool/pulling_mailbox.hpp, tests/model/shared_queue.pml).
/// A sender claims after it has put its message into the queue, and a member looks there after it has withdrawn its
/// mark and again after it has announced itself, so all that is done to marks is in one order with that.
class idle_mask {
public:
    static constexpr std::size_t most = 65'536;

    /// For slots below `slots`, none marked. Throws std::invalid_argument unless 1 <= slots <= most.
    explicit idle_mask(std::size_t slots) : slots_(slots) {
        if (slots == 0 || slots > most) {
            throw std::invalid_argument(
                join_text({"drover: most_slots is ", std::to_string(slots), "; give it 1 to ", std::to_string(most),
                           ", and as many as the pool ever has members"}));
        }
        lines_ = std::vector<line>((slots + slots_in_line - 1) / slots_in_line);
    }

    std::size_t slots() const noexcept { return slots_; }

    /// Before the member's idle mark in its mailbox. One locked operation.
    void announce(std::uint32_t slot) noexcept { word(slot / 64).fetch_or(bit(slot), std::memory_order_seq_cst); }

    /// The member is not idle. True if it was still marked; a load alone if not.
    bool withdraw(std::uint32_t slot) noexcept {
        return marked(slot) && (word(slot / 64).fetch_and(~bit(slot), std::memory_order_seq_cst) & bit(slot)) != 0;
    }

    /// Who has claimed the mark did not get its message in. One locked operation.
    void restore(std::uint32_t slot) noexcept { announce(slot); }

    bool marked(std::uint32_t slot) const noexcept {
        return (lines_[slot / slots_in_line].words[slot / 64 % words_in_line].load(std::memory_order_seq_cst) &
                bit(slot)) != 0;
    }

    /// Takes a mark, of one of the slots in `eligible` (a bit for each, from 0), so that nobody else gets it; `no_slot`
    /// if none is found in 16 words. Looks from `place` on, which then is where to look next. Loads, and one locked
    /// operation for each mark that it or somebody just before it has taken.
    std::uint32_t claim(std::span<const std::uint64_t> eligible, std::uint32_t& place) noexcept {
        const auto words = static_cast<std::uint32_t>(eligible.size());
        if (words == 0) return no_slot;
        std::uint32_t at = place / 64;
        if (at >= words) at %= words;
        std::uint64_t looked_at = ~std::uint64_t{0} << place % 64;
        // What is before the place in its word comes last, if all words are looked at.
        std::uint32_t left = words > words_tried ? words_tried : words + (place % 64 != 0 ? 1 : 0);
        for (; left != 0; --left) {
            std::atomic<std::uint64_t>& in = word(at);
            std::uint64_t found = in.load(std::memory_order_seq_cst) & eligible[at] & looked_at;
            while (found != 0) {
                const auto which = static_cast<std::uint32_t>(std::countr_zero(found));
                const std::uint64_t mine = std::uint64_t{1} << which;
                const std::uint64_t before = in.fetch_and(~mine, std::memory_order_seq_cst);
                if ((before & mine) != 0) {
                    place = at * 64 + which + 1;
                    return at * 64 + which;
                }
                found &= before;
            }
            looked_at = ~std::uint64_t{0};
            at = at + 1 == words ? 0 : at + 1;
        }
        place = at * 64;
        return no_slot;
    }

private:
    static constexpr std::size_t words_in_line = cache_line / sizeof(std::uint64_t);
    static constexpr std::size_t slots_in_line = 64 * words_in_line;
    static constexpr std::uint32_t words_tried = 16;  // two cache lines

    struct alignas(cache_line) line {
        std::array<std::atomic<std::uint64_t>, words_in_line> words{};
    };

    static std::uint64_t bit(std::uint32_t slot) noexcept { return std::uint64_t{1} << slot % 64; }
    std::atomic<std::uint64_t>& word(std::uint32_t which) noexcept {
        return lines_[which / words_in_line].words[which % words_in_line];
    }

    std::size_t slots_;
    std::vector<line> lines_;
};

}  // namespace drover
