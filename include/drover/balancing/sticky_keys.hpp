#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "drover/balancing/consistent_hash.hpp"
#include "drover/balancing/key_line.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"

namespace drover {

/// Which seat (member_seats.hpp) each of a bounded number of keys is bound to. Any threads at once but where it says
/// otherwise; nothing blocks, and nothing but the constructor allocates.
///
/// A key has eight places (key_line.hpp), the words of one cache line. A word does not hold the whole key but 38 bits
/// of it mixed, which with the choice of the line make 51 of 64 for the default number: two keys that are alike in
/// those are taken for one, and share a member.
class sticky_keys {
public:
    using seat_type = key_line::seat_type;

    static constexpr unsigned seat_bits = key_line::seat_bits;  ///< seats are below 2^20, and not 0
    static constexpr std::size_t most = std::size_t{1} << 24U;

    /// Places for `most_keys`, rounded up to a multiple of 8. Throws std::invalid_argument unless 1 <= most_keys <=
    /// most and idle_for is a microsecond or more.
    sticky_keys(std::size_t most_keys, clock_duration idle_for, std::uint64_t seed) : seed_(seed), tick_(idle_for / 8) {
        if (most_keys == 0 || most_keys > most) {
            throw std::invalid_argument(join_text({"drover: sticky's most_keys is ", std::to_string(most_keys),
                                                   "; give it 1 to ", std::to_string(most)}));
        }
        if (idle_for < std::chrono::microseconds(1)) {
            throw std::invalid_argument(join_text({"drover: sticky's idle_for is ", std::to_string(idle_for.count()),
                                                   " ns; give it a microsecond or more"}));
        }
        lines_ = std::vector<key_line>((most_keys + places - 1) / places);
    }

    /// A key's word, as it was found.
    class binding {
    public:
        seat_type seat() const noexcept { return key_line::seat_in(word_); }

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
            if (key_line::of_key(word, mixed) && (word & key_line::tentative) == 0) return binding(each, word);
        }
        return std::nullopt;
    }

    /// The key is in use, and does not expire. Once an eighth of `idle_for` it writes.
    static void touch(const binding& found) noexcept {
        std::uint64_t word = found.word_;
        // It may grow older just now, which must not hide the use. If another key is there by now, or another seat,
        // that was put there since.
        while ((word & key_line::used) == 0 && ((word ^ found.word_) & ~(key_line::ages | key_line::used)) == 0 &&
               !found.place_->compare_exchange_weak(word, word | key_line::used, std::memory_order_relaxed,
                                                    std::memory_order_relaxed)) {}
    }

    /// Binds a key to another seat. Answers what it is bound to now, be it by somebody else; 0 if it is bound no more.
    static seat_type rebind(const binding& found, seat_type seat) noexcept {
        std::uint64_t word = found.word_;
        do {
            if (((word ^ found.word_) & (key_line::tags | key_line::tentative)) != 0) return 0;
            if (key_line::seat_in(word) != found.seat()) return key_line::seat_in(word);
        } while (!found.place_->compare_exchange_weak(word, (word & key_line::tags) | key_line::new_word(0, seat),
                                                      std::memory_order_relaxed, std::memory_order_relaxed));
        return seat;
    }

    /// Binds a key that find() did not find. Answers what it is bound to now, be it by somebody else; 0 if it is not
    /// kept, for all eight places are taken by keys that have been used since the last look at the time, and for seats
    /// of which `gone(seat)` is false. Otherwise the key that was not used for longest is forgotten. (After 64 rounds
    /// in which others have changed the same places, it is not kept either.)
    template <class Gone>
    seat_type bind(std::uint64_t key, seat_type seat, const Gone& gone) noexcept {
        const std::uint64_t mixed = mix_bits(key, seed_);
        return line_of(mixed).bind(mixed, seat, gone);
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
        const auto older = static_cast<std::uint64_t>(std::min<clock_duration::rep>(ticks, key_line::last_age + 1));
        for (key_line& each : lines_) {
            for (std::atomic<std::uint64_t>& word : each.words) {
                key_line::grow_older(word, older);
            }
        }
    }

    /// How many keys there are. O(most_keys).
    std::size_t size() const noexcept {
        std::size_t count = 0;
        for (const key_line& each : lines_) {
            for (const std::atomic<std::uint64_t>& word : each.words) {
                count += word.load(std::memory_order_relaxed) != 0 ? 1 : 0;
            }
        }
        return count;
    }

private:
    static constexpr std::size_t places = key_line::places;

    key_line& line_of(std::uint64_t mixed) noexcept { return lines_[((mixed >> 32U) * lines_.size()) >> 32U]; }

    std::vector<key_line> lines_;
    std::uint64_t seed_;
    clock_duration tick_;
    std::optional<time_point> told_;
};

}  // namespace drover
