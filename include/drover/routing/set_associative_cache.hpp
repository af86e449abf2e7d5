#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "drover/base/cache_line.hpp"
#include "drover/routing/route_cache.hpp"

namespace drover {

/// `N` entries in sets of `Ways`; a name's hash chooses the set, and a name can be anywhere in it. A set has a word of
/// 8-bit tags, compared all at once within a register (SWAR, as in Lamport, "Multiple byte processing with full-word
/// instructions"), so a miss in a full set seldom looks at a name. When a set is full its ways are replaced in turn:
/// first in, first out. Ways whose entry has lost its name are used first once a look-up has met them.
///
/// In front of the sets are 2 `N` places, of which the hash chooses one: the name found last in a set has it. A hit
/// there has its receiver after two dependent loads, as no comparison chooses among ways, and processors guess how one
/// ends. Fewer places, or a look first at the way used last, guess wrong more often than they save
/// (benches/routing/route_cache.cpp). 26 bytes an entry in all, with 8 ways.
///
/// A uniform working set of half the entries hits more than 99 % with 8 ways, 97 % with 4, 89 % with 2.
template <std::size_t N, std::size_t Ways = 8>
class set_associative_cache {
    static_assert(detail::check_entries<N>());
    static_assert(Ways == 2 || Ways == 4 || Ways == 8,
                  "drover: wrong number of ways: a set has 2, 4 or 8; direct_mapped_cache has one");
    static_assert(N >= Ways, "drover: wrong cache size: there are fewer entries than ways in one set");

public:
    set_associative_cache()
        : front_(new route_entry*[places]()), sets_(new set[N / Ways]()), marks_(new marks[N / Ways]()) {}
    ~set_associative_cache() { clear(); }
    set_associative_cache(const set_associative_cache&) = delete;
    set_associative_cache& operator=(const set_associative_cache&) = delete;

    static constexpr std::size_t capacity() noexcept { return N; }
    std::uint64_t invalidated() const noexcept { return invalidated_; }

    [[gnu::always_inline]] route_entry* find(const name_view& name) noexcept {
        route_entry* const last = front_[place_of(name.hash())];
        // Pairs with the registry's store after another entry has been published, or none.
        if (last != nullptr && last->is_named(name) && last->current.load(std::memory_order_acquire)) [[likely]] {
            return last;
        }
        return find_in_set(name);
    }

    void insert(route_entry& entry) noexcept {
        const std::size_t in = set_of(entry.hash);
        std::size_t way = 0;
        while (way != Ways && sets_[in].entries[way] != nullptr) {
            way += 1;
        }
        if (way == Ways) {
            std::uint8_t& hand = marks_[in].hand;
            way = hand;
            hand = static_cast<std::uint8_t>((hand + 1) % Ways);
            drop(sets_[in].entries[way]);
        }
        put(in, way, &entry);
    }

    void clear() noexcept {
        for (std::size_t in = 0; in != N / Ways; ++in) {
            for (std::size_t way = 0; way != Ways; ++way) {
                if (route_entry* const old = sets_[in].entries[way]) {
                    drop(old);
                }
            }
            sets_[in] = set();
            marks_[in] = marks();
        }
    }

private:
    struct alignas(std::bit_ceil(Ways) * sizeof(route_entry*)) set {
        route_entry* entries[Ways] = {};
    };

    struct marks {
        std::uint64_t tags = 0;  // a byte for each way; 0 says that it is empty
        std::uint8_t hand = 0;   // the way that is replaced next
    };

    static constexpr std::size_t places = 2 * N;

    static constexpr std::uint64_t low_bits = 0x0101'0101'0101'0101;
    static constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

    // The set is chosen by the lower bits, the tag by the highest.
    static std::size_t set_of(std::uint64_t hash) noexcept { return hash & (N / Ways - 1); }
    static std::size_t place_of(std::uint64_t hash) noexcept { return hash & (places - 1); }
    static std::uint64_t tag_of(std::uint64_t hash) noexcept { return (hash >> 57U) | 0x80U; }

    // The highest bit of each byte of `bytes` that is `byte`.
    static std::uint64_t bytes_equal(std::uint64_t bytes, std::uint64_t byte) noexcept {
        const std::uint64_t difference = bytes ^ (low_bits * byte);
        return (difference - low_bits) & ~difference & high_bits;
    }

    [[gnu::noinline]] route_entry* find_in_set(const name_view& name) noexcept {
        const std::size_t in = set_of(name.hash());
        // May mark one way too many, above one that matches, and never one too few: the name decides.
        for (std::uint64_t matching = bytes_equal(marks_[in].tags, tag_of(name.hash())); matching != 0;
             matching &= matching - 1) {
            const auto way = static_cast<std::size_t>(std::countr_zero(matching)) / 8;
            if (sets_[in].entries[way]->is_named(name)) [[likely]] {
                return keep(in, way);
            }
        }
        return nullptr;
    }

    // Null, and the way empty, if the entry has lost its name.
    route_entry* keep(std::size_t in, std::size_t way) noexcept {
        route_entry* const entry = sets_[in].entries[way];
        if (entry->current.load(std::memory_order_acquire)) [[likely]] {  // pairs as in find()
            front_[place_of(entry->hash)] = entry;
            return entry;
        }
        put(in, way, nullptr);
        drop(entry);
        invalidated_ += 1;
        return nullptr;
    }

    // It has left its set.
    void drop(route_entry* entry) noexcept {
        route_entry*& place = front_[place_of(entry->hash)];
        if (place == entry) {
            place = nullptr;
        }
        entry->release();
    }

    void put(std::size_t in, std::size_t way, route_entry* entry) noexcept {
        const std::uint64_t tag = entry != nullptr ? tag_of(entry->hash) : 0;
        std::uint64_t& tags = marks_[in].tags;
        tags = (tags & ~(std::uint64_t{0xff} << (8 * way))) | tag << (8 * way);
        sets_[in].entries[way] = entry;
    }

    const std::unique_ptr<route_entry*[]> front_;  // without counts: each is in its set, too
    const std::unique_ptr<set[]> sets_;
    const std::unique_ptr<marks[]> marks_;
    std::uint64_t invalidated_ = 0;
};

static_assert(route_cache<set_associative_cache<1024, 8>>);

}  // namespace drover
