#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "drover/balancing/build_error.hpp"
#include "drover/balancing/member.hpp"
#include "drover/base/expected.hpp"

namespace drover {

/// Who sits where, in one table: seat to index, in O(1). Immutable.
class seat_index {
public:
    /// `seats[i]` is the seat of member i, `newest` the last that was given to anyone, `mask` the greatest there can
    /// be.
    seat_index(std::vector<std::uint32_t> seats, std::uint32_t newest, std::uint32_t mask)
        : entries_(std::bit_ceil(2 * seats.size() + 1)), seats_(std::move(seats)), newest_(newest), mask_(mask) {
        for (std::size_t each = 0; each != seats_.size(); ++each) {
            std::size_t at = seats_[each] & (entries_.size() - 1);
            while (entries_[at].index != no_member) {
                at = (at + 1) & (entries_.size() - 1);
            }
            entries_[at] = {seats_[each], static_cast<member_index>(each)};
        }
    }

    std::uint32_t seat_of(member_index member) const noexcept { return seats_[member]; }

    /// `no_member` if nobody of this table sits there.
    member_index member_at(std::uint32_t seat) const noexcept {
        // Seats are given in turn, so nearly everyone is where he is looked for; and half of the entries are free.
        std::size_t at = seat & (entries_.size() - 1);
        while (entries_[at].index != no_member && entries_[at].seat != seat) {
            at = (at + 1) & (entries_.size() - 1);
        }
        return entries_[at].index;
    }

    /// Whether the seat was given after this table was built: its member is not gone, but another table's.
    bool later(std::uint32_t seat) const noexcept {
        const std::uint32_t ahead = (seat - newest_) & mask_;
        return ahead != 0 && ahead <= mask_ / 2;
    }

private:
    struct entry {
        std::uint32_t seat = 0;
        member_index index = no_member;
    };

    std::vector<entry> entries_;
    std::vector<std::uint32_t> seats_;
    std::uint32_t newest_;
    std::uint32_t mask_;
};

/// Gives each member of a pool, by its id, a small number that it has for good: also when it leaves the table and comes
/// back, unless many others have left meanwhile. Numbers are used again, but the one that was given last comes last:
/// what is still kept of a member by its number must be wrong by half a million members before it is mistaken. One
/// thread at a time.
class member_seats {
public:
    /// Seats are 1 to `mask`, one less than a power of two.
    explicit member_seats(std::uint32_t mask) noexcept : mask_(mask) {}

    /// `same_id` if two have one. O(n), allocates.
    expected<seat_index, build_error> build(std::span<const member_info> members) {
        build_ += 1;
        std::vector<std::uint32_t> seats;
        for (std::size_t each = 0; each != members.size(); ++each) {
            const auto [found, fresh] = known_.try_emplace(members[each].id);
            if (!fresh && found->second.build == build_) {
                return unexpected<build_error>(detail::about_member(build_error::same_id, members[each], each));
            }
            if (found->second.seat == 0) found->second.seat = next();
            found->second.build = build_;
            seats.push_back(found->second.seat);
        }
        if (known_.size() > 2 * members.size() + remembered) forget();
        return seat_index(std::move(seats), newest_, mask_);
    }

private:
    static constexpr std::size_t remembered = 1024;

    struct seat {
        std::uint32_t seat = 0;
        std::uint64_t build = 0;
    };

    std::uint32_t next() {
        do {
            newest_ = newest_ == mask_ ? 1 : newest_ + 1;
        } while (!taken_.insert(newest_).second);
        return newest_;
    }

    void forget() {
        std::erase_if(known_, [this](const auto& each) {
            if (each.second.build == build_) return false;
            taken_.erase(each.second.seat);
            return true;
        });
    }

    std::unordered_map<std::uint64_t, seat> known_;
    std::unordered_set<std::uint32_t> taken_;
    std::uint64_t build_ = 0;
    std::uint32_t newest_ = 0;
    std::uint32_t mask_;
};

}  // namespace drover
