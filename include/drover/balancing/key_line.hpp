#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "drover/base/cache_line.hpp"

namespace drover {

/// Eight keys on one cache line, each bound to a seat: the part of sticky_keys that threads may disagree about. A key
/// is in one place at most, however many threads bind it at once: the first binds, and the others hear to what. A word
/// holds all that is known of a key, so it is read and written in one piece.
///
/// How a key is bound, after C. Purcell and T. Harris, "Non-blocking hashtables with open addressing" (2005): a
/// tentative word is put in a place, then all other places are looked at. Another tentative word of the key in a later
/// place is removed; one in an earlier place is gone on with instead of one's own; a settled one wins. Who finds
/// nothing more settles the word. Whichever two threads put theirs in last, one of them sees the other's
/// (tests/model/sticky_keys.pml). A thread that stands still in between hinders nobody.
struct alignas(cache_line) key_line {
    using seat_type = std::uint32_t;

    static constexpr std::size_t places = cache_line / sizeof(std::uint64_t);
    static constexpr unsigned seat_bits = 20;

    // A word: tag | seat | age | used | tentative; 0 is empty. The age is in eighths of the time after which a key
    // expires, since it was seen to be used; so much may have passed before it was seen, hence one more than 8.
    static constexpr std::uint64_t tentative = 1;
    static constexpr std::uint64_t used = 2;
    static constexpr unsigned age_shift = 2;
    static constexpr unsigned seat_shift = 6;
    static constexpr unsigned tag_shift = seat_shift + seat_bits;
    static constexpr std::uint64_t ages = std::uint64_t{15} << age_shift;
    static constexpr std::uint64_t tags = ~std::uint64_t{0} << tag_shift;
    static constexpr std::uint64_t last_age = 8;

    static seat_type seat_in(std::uint64_t word) noexcept {
        return static_cast<seat_type>(word >> seat_shift & ((1U << seat_bits) - 1));
    }
    static std::uint64_t new_word(std::uint64_t mixed, seat_type seat) noexcept {
        return (mixed << tag_shift) | (std::uint64_t{seat} << seat_shift) | used;
    }
    static bool of_key(std::uint64_t word, std::uint64_t mixed) noexcept {
        return word != 0 && ((word ^ (mixed << tag_shift)) & tags) == 0;
    }

    /// As sticky_keys::bind(), for a key mixed so that its lower 38 bits tell it from others.
    template <class Gone>
    seat_type bind(std::uint64_t mixed, seat_type seat, const Gone& gone) noexcept {
        for (int round = 0; round != 64; ++round) {
            auto [place, word] = place_for(mixed, gone);
            if (place == places) return 0;
            if (!of_key(word, mixed)) {
                const std::uint64_t mine = new_word(mixed, seat) | tentative;
                if (!exchange(place, word, mine)) continue;
                word = mine;
            }
            const seat_type settled = (word & tentative) == 0 ? seat_in(word) : settle(mixed, {place, word});
            if (settled != 0) return settled;
        }
        return 0;
    }

    struct seen {
        std::size_t place;
        std::uint64_t word;
    };

    /// Where the key is already. Else the first place that is empty, or whose member is gone, or whose key was not used
    /// for longest; `places` if there is none.
    template <class Gone>
    seen place_for(std::uint64_t mixed, const Gone& gone) noexcept {
        seen best{places, 0};
        std::uint64_t greatest = 0;
        for (std::size_t each = 0; each != places; ++each) {
            const std::uint64_t word = words[each].load(std::memory_order_seq_cst);
            if (of_key(word, mixed)) return {each, word};
            const std::uint64_t age = word == 0             ? 100
                                      : gone(seat_in(word)) ? 50
                                      : (word & used) == 0  ? 1 + ((word & ages) >> age_shift)
                                                            : 0;
            if (age > greatest) {
                best = {each, word};
                greatest = age;
            }
        }
        return best;
    }

    /// Sequentially consistent, as are the loads before and after: see settle().
    bool exchange(std::size_t place, std::uint64_t from, std::uint64_t to) noexcept {
        return words[place].compare_exchange_strong(from, to, std::memory_order_seq_cst, std::memory_order_seq_cst);
    }

    /// `put.word`, tentative, stands in `put.place`, and was seen there. Answers what the key is bound to, or 0 if
    /// somebody has changed the word. Of two that put tentative words in two places, the second sees the first's, as
    /// both the exchange and the loads are sequentially consistent; so two are not settled. (But if a thread stands
    /// still just before it settles, while the same word is removed, and the key then bound, forgotten and bound again
    /// with that very word, a key can come to be there twice. The first of the two is then found.)
    seat_type settle(std::uint64_t mixed, seen put) noexcept {
        auto [place, word] = put;
        for (std::size_t each = 0; each != places;) {
            const std::uint64_t other = each == place ? 0 : words[each].load(std::memory_order_seq_cst);
            if (!of_key(other, mixed)) {
                each += 1;
            } else if ((other & tentative) == 0) {
                exchange(place, word, 0);
                return seat_in(other);
            } else if (each > place) {
                if (exchange(each, other, 0)) each += 1;
            } else {
                exchange(place, word, 0);
                place = each;
                word = other;
                each = 0;
            }
        }
        return exchange(place, word, word & ~tentative) ? seat_in(word) : 0;
    }

    /// Nothing was seen of the key for so many eighths; unless it was used, in which case it is as new.
    static void grow_older(std::atomic<std::uint64_t>& place, std::uint64_t ticks) noexcept {
        std::uint64_t word = place.load(std::memory_order_relaxed);
        std::uint64_t next = 0;
        do {
            if (word == 0) return;
            const std::uint64_t age = (word & used) != 0 ? 0 : ((word & ages) >> age_shift) + ticks;
            next = age > last_age ? 0 : (word & ~(ages | used)) | (age << age_shift);
        } while (!place.compare_exchange_weak(word, next, std::memory_order_relaxed, std::memory_order_relaxed));
    }

    std::array<std::atomic<std::uint64_t>, places> words{};
};

static_assert(sizeof(key_line) == cache_line && alignof(key_line) == cache_line);

}  // namespace drover
