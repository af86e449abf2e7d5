#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "drover/balancing/consistent_hash.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"

namespace drover {

/// Which seat (member_seats.hpp) each of a bounded number of keys is bound to. Any threads at once but where it says
/// otherwise; nothing blocks, and nothing but the constructor allocates.
///
/// A key has eight places, the words of one cache line, and is in one of them at most, however many threads bind it at
/// once: the first binds, and the others hear to what. A word holds all that is known of a key, so it is read and written
/// in one piece. For that it does not hold the whole key but 38 bits of it mixed, which with the choice of the line make
/// 51 of 64 for the default number: two keys that are alike in those are taken for one, and share a member.
///
/// How a key is bound, after C. Purcell and T. Harris, "Non-blocking hashtables with open addressing" (2005): a
/// tentative word is put in a place, then all other places are looked at. Another tentative word of the key in a later
/// place is removed; one in an earlier place is gone on with instead of one's own; a settled one wins. Who finds nothing
/// more settles the word. Whichever two threads put theirs in last, one of them sees the other's
/// (tests/model/sticky_keys.pml). A thread that stands still in between hinders nobody.
class sticky_keys {
public:
    using seat_type = std::uint32_t;

    static constexpr unsigned seat_bits = 20;  ///< seats are below 2^20, and not 0
    static constexpr std::size_t most = std::size_t{1} << 24U;

    /// Places for `most_keys`, rounded up to a multiple of 8. Throws std::invalid_argument unless 1 <= most_keys <= most
    /// and idle_for is a microsecond or more.
    sticky_keys(std::size_t most_keys, clock_duration idle_for, std::uint64_t seed) : seed_(seed), tick_(idle_for / 8) {
        if (most_keys == 0 || most_keys > most) {
            throw std::invalid_argument(join_text({"drover: sticky's most_keys is ", std::to_string(most_keys),
                                                   "; give it 1 to ", std::to_string(most)}));
        }
        if (idle_for < std::chrono::microseconds(1)) {
            throw std::invalid_argument(join_text({"drover: sticky's idle_for is ", std::to_string(idle_for.count()),
                                                   " ns; give it a microsecond or more"}));
        }
        lines_ = std::vector<line>((most_keys + places - 1) / places);
    }

    /// A key's word, as it was found.
    class binding {
    public:
        seat_type seat() const noexcept { return seat_in(word_); }

    private:
        friend sticky_keys;
        binding(std::atomic<std::uint64_t>& place, std::uint64_t word) noexcept : place_(&place), word_(word) {}
        std::atomic<std::uint64_t>* place_;
        std::uint64_t word_;
    };

    /// What a key is bound to. One cache line is read, none written.
    std::optional<binding> find(std::uint64_t key) noexcept {
        const std::uint64_t mixed = mix_bits(key, seed_);
        for (std::atomic<std::uint64_t>& each : line_of(mixed).words) {
            const std::uint64_t word = each.load(std::memory_order_relaxed);
            if (of_key(word, mixed) && (word & tentative) == 0) return binding(each, word);
        }
        return std::nullopt;
    }

    /// The key is in use, and does not expire. Once an eighth of `idle_for` it writes.
    static void touch(const binding& found) noexcept {
        if ((found.word_ & used) != 0) return;
        std::uint64_t word = found.word_;  // if it has changed meanwhile, somebody else has said so
        found.place_->compare_exchange_strong(word, word | used, std::memory_order_relaxed, std::memory_order_relaxed);
    }

    /// Binds a key to another seat. Answers what it is bound to now, be it by somebody else; 0 if it is bound no more.
    static seat_type rebind(const binding& found, seat_type seat) noexcept {
        std::uint64_t word = found.word_;
        do {
            if (((word ^ found.word_) & (tags | tentative)) != 0) return 0;
            if (seat_in(word) != found.seat()) return seat_in(word);
        } while (!found.place_->compare_exchange_weak(word, (word & tags) | new_word(seat), std::memory_order_relaxed,
                                                      std::memory_order_relaxed));
        return seat;
    }

    /// Binds a key that find() did not find. Answers what it is bound to now, be it by somebody else; 0 if it is not
    /// kept, for all eight places are taken by keys that have been used since the last look at the time, and for seats
    /// of which `gone(seat)` is false. Otherwise the key that was not used for longest is forgotten. (After 64 rounds in
    /// which others have changed the same places, it is not kept either.)
    template <class Gone>
    seat_type bind(std::uint64_t key, seat_type seat, const Gone& gone) noexcept {
        const std::uint64_t mixed = mix_bits(key, seed_);
        line& in = line_of(mixed);
        for (int round = 0; round != 64; ++round) {
            auto [place, word] = place_for(in, mixed, gone);
            if (place == places) return 0;
            if (!of_key(word, mixed)) {
                const std::uint64_t mine = (mixed << tag_shift) | new_word(seat) | tentative;
                if (!exchange(in, place, word, mine)) continue;
                word = mine;
            }
            const seat_type settled = (word & tentative) == 0 ? seat_in(word) : settle(in, mixed, place, word);
            if (settled != 0) return settled;
        }
        return 0;
    }

    /// Forgets the keys that were not used for `idle_for`: never earlier, and later by a quarter of it and the time
    /// between two calls at most. One thread at a time. O(most_keys), once in an eighth of `idle_for`.
    void advance(time_point now) noexcept {
        if (!told_) {
            told_ = now;
            return;
        }
        const clock_duration::rep ticks = (now - *told_) / tick_;
        if (ticks <= 0) return;
        told_ = *told_ + ticks * tick_;
        const auto older = static_cast<std::uint64_t>(std::min<clock_duration::rep>(ticks, last_age + 1));
        for (line& each : lines_) {
            for (std::atomic<std::uint64_t>& word : each.words) {
                grow_older(word, older);
            }
        }
    }

    /// How many keys there are. O(most_keys).
    std::size_t size() const noexcept {
        std::size_t count = 0;
        for (const line& each : lines_) {
            for (const std::atomic<std::uint64_t>& word : each.words) {
                count += word.load(std::memory_order_relaxed) != 0 ? 1 : 0;
            }
        }
        return count;
    }

private:
    static constexpr std::size_t places = cache_line / sizeof(std::uint64_t);

    // A word: tag | seat | age | used | tentative; 0 is empty. The age is in eighths of `idle_for` since it was seen to
    // be used; so much may have passed before it was seen, hence one more than 8.
    static constexpr std::uint64_t tentative = 1;
    static constexpr std::uint64_t used = 2;
    static constexpr unsigned age_shift = 2;
    static constexpr unsigned seat_shift = 6;
    static constexpr unsigned tag_shift = seat_shift + seat_bits;
    static constexpr std::uint64_t ages = std::uint64_t{15} << age_shift;
    static constexpr std::uint64_t tags = ~std::uint64_t{0} << tag_shift;
    static constexpr std::uint64_t last_age = 8;

    struct alignas(cache_line) line {
        std::array<std::atomic<std::uint64_t>, places> words{};
    };

    static seat_type seat_in(std::uint64_t word) noexcept {
        return static_cast<seat_type>(word >> seat_shift & ((1U << seat_bits) - 1));
    }
    static std::uint64_t new_word(seat_type seat) noexcept { return (std::uint64_t{seat} << seat_shift) | used; }
    static bool of_key(std::uint64_t word, std::uint64_t mixed) noexcept {
        return word != 0 && ((word ^ (mixed << tag_shift)) & tags) == 0;
    }

    // Sequentially consistent, as are the loads before and after: see settle().
    static bool exchange(line& in, std::size_t place, std::uint64_t from, std::uint64_t to) noexcept {
        return in.words[place].compare_exchange_strong(from, to, std::memory_order_seq_cst, std::memory_order_seq_cst);
    }

    line& line_of(std::uint64_t mixed) noexcept { return lines_[((mixed >> 32U) * lines_.size()) >> 32U]; }

    struct seen {
        std::size_t place;
        std::uint64_t word;
    };

    // Where the key is already. Else the first place that is empty, or whose member is gone, or whose key was not used for
    // longest; `places` if there is none.
    template <class Gone>
    static seen place_for(line& in, std::uint64_t mixed, const Gone& gone) noexcept {
        seen best{places, 0};
        std::uint64_t greatest = 0;
        for (std::size_t each = 0; each != places; ++each) {
            const std::uint64_t word = in.words[each].load(std::memory_order_seq_cst);
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

    // `word`, tentative, stands in `place`, and was seen there. Answers what the key is bound to, or 0 if somebody has
    // changed the word. Of two that put tentative words in two places, the second sees the first's, as both the exchange
    // and the loads are sequentially consistent; so two are not settled. (But if a thread stands still just before it
    // settles, while the same word is removed, and the key then bound, forgotten and bound again with that very word,
    // a key can come to be there twice. The first of the two is then found.)
    static seat_type settle(line& in, std::uint64_t mixed, std::size_t place, std::uint64_t word) noexcept {
        for (std::size_t each = 0; each != places;) {
            const std::uint64_t other = each == place ? 0 : in.words[each].load(std::memory_order_seq_cst);
            if (!of_key(other, mixed)) {
                each += 1;
            } else if ((other & tentative) == 0) {
                exchange(in, place, word, 0);
                return seat_in(other);
            } else if (each > place) {
                if (exchange(in, each, other, 0)) each += 1;
            } else {
                exchange(in, place, word, 0);
                place = each;
                word = other;
                each = 0;
            }
        }
        return exchange(in, place, word, word & ~tentative) ? seat_in(word) : 0;
    }

    static void grow_older(std::atomic<std::uint64_t>& place, std::uint64_t ticks) noexcept {
        std::uint64_t word = place.load(std::memory_order_relaxed);
        std::uint64_t next = 0;
        do {
            if (word == 0) return;
            const std::uint64_t age = (word & used) != 0 ? 0 : ((word & ages) >> age_shift) + ticks;
            next = age > last_age ? 0 : (word & ~(ages | used)) | (age << age_shift);
        } while (!place.compare_exchange_weak(word, next, std::memory_order_relaxed, std::memory_order_relaxed));
    }

    std::vector<line> lines_;
    std::uint64_t seed_;
    clock_duration tick_;
    std::optional<time_point> told_;
};

}  // namespace drover
