#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "drover/base/prefetch.hpp"

namespace drover {

/// A moment at which a function is called. Stands inside the object it belongs to.
struct timer {
    using fire_function = void(timer*) noexcept;

    explicit constexpr timer(fire_function* function) noexcept : fire(function) {}

    timer* next = nullptr;
    timer* previous = nullptr;
    timer* after_next =
        nullptr;  ///< as it was when this was armed; may be gone, and is only ever fetched into the cache
    std::uint64_t deadline = 0;  ///< ticks
    fire_function* fire;         ///< in whichever thread turns the wheel
    std::uint8_t level = 0;
    std::uint8_t slot = 0;
    bool armed = false;
};

/// A hierarchical timing wheel (Varghese and Lauck 1987): 11 levels of 64 slots over 64-bit ticks. A timer stands at
/// the level of the highest 6-bit digit in which its deadline differs from the present, so every timer of a lower level
/// is due before every timer of a higher one, and the next one is found from bit masks. Add and remove are O(1); a
/// timer moves down at most ten times in its life. Not thread-safe.
class timer_wheel {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    explicit timer_wheel(std::uint64_t now) noexcept : now_(now) {}

    /// A deadline in the past is due at the next advance().
    void add(timer& t) noexcept {
        const place where = place_of(t);
        t.level = static_cast<std::uint8_t>(where.level);
        t.slot = static_cast<std::uint8_t>(where.slot);
        t.armed = true;
        timer*& first = slots_[where.level][where.slot];
        t.previous = nullptr;
        t.next = first;
        if (first != nullptr) {
            first->previous = &t;
            t.after_next = first->next;
        } else {
            t.after_next = nullptr;
        }
        first = &t;
        occupied_[where.level] |= std::uint64_t{1} << where.slot;
    }

    void remove(timer& t) noexcept {
        timer*& first = slots_[t.level][t.slot];
        (t.previous != nullptr ? t.previous->next : first) = t.next;
        if (t.next != nullptr) {
            t.next->previous = t.previous;
        }
        if (first == nullptr) {
            occupied_[t.level] &= ~(std::uint64_t{1} << t.slot);
        }
        t.armed = false;
    }

    /// When there is next something to do: a timer is due then, or moves down a level. `never` if empty.
    std::uint64_t next_event() const noexcept {
        for (unsigned level = 0; level != levels; ++level) {
            if (occupied_[level] != 0) {
                return start_of(level, static_cast<unsigned>(std::countr_zero(occupied_[level])));
            }
        }
        return never;
    }

    /// Goes to `to` and returns the timers that are due by then, linked by `next` in the order of their deadlines.
    timer* advance(std::uint64_t to) noexcept {
        timer* first = nullptr;
        timer** end = &first;
        while (step(to, end)) {}
        now_ = to > now_ ? to : now_;
        return first;
    }

    /// As advance(), but no further than the first moment at which a timer is due. Null: none is due by `to`.
    timer* advance_to_due(std::uint64_t to) noexcept {
        timer* first = nullptr;
        timer** end = &first;
        while (first == nullptr && step(to, end)) {}
        if (first == nullptr) {
            now_ = to > now_ ? to : now_;
        }
        return first;
    }

private:
    static constexpr unsigned levels = 11;

    // The next event, if it is not after `to`: timers that are due are linked to `end`, or a slot's timers move down.
    bool step(std::uint64_t to, timer**& end) noexcept {
        const std::uint64_t event = next_event();
        if (event > to || event == never) {
            return false;
        }
        now_ = event > now_ ? event : now_;
        const unsigned level = lowest_level();
        const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        timer* const youngest = slots_[level][slot];
        slots_[level][slot] = nullptr;
        occupied_[level] &= ~(std::uint64_t{1} << slot);
        if (level == 0) {
            hand_out(youngest, end);
        } else {
            move_down(youngest);
        }
        return true;
    }

    // Slots are filled at the front: turned round, timers of one deadline fire in the order they were armed.
    static void hand_out(timer* youngest, timer**& end) noexcept {
        timer* oldest = nullptr;
        timer** const last = youngest != nullptr ? &youngest->next : end;
        while (youngest != nullptr) {
            timer* const next = youngest->next;
            youngest->armed = false;
            youngest->next = oldest;
            oldest = youngest;
            youngest = next;
        }
        *end = oldest;
        end = last;
    }

    // All lower levels are empty. Each timer goes behind those that are younger, so every slot is in order as if it had
    // been filled from above, and each is touched once: where many wait they are in no cache, and a walk over them is a
    // chain of misses, of which the link to the one after the next lets two go on at a time.
    void move_down(timer* each) noexcept {
        while (each != nullptr) {
            timer* const next = each->next;
            prefetch_to_write(each->after_next);
            const place where = place_of(*each);
            each->level = static_cast<std::uint8_t>(where.level);
            each->slot = static_cast<std::uint8_t>(where.slot);
            each->next = nullptr;
            each->after_next = nullptr;
            timer*& last = last_[where.level][where.slot];
            const std::uint64_t bit = std::uint64_t{1} << where.slot;
            if ((occupied_[where.level] & bit) == 0) {
                occupied_[where.level] |= bit;
                slots_[where.level][where.slot] = each;
                each->previous = nullptr;
            } else {
                each->previous = last;
                last->next = each;
                if (last->previous != nullptr) {
                    last->previous->after_next = each;
                }
            }
            last = each;
            each = next;
        }
    }

    struct place {
        unsigned level;
        unsigned slot;
    };

    place place_of(const timer& t) const noexcept {
        const std::uint64_t differs = t.deadline > now_ ? t.deadline ^ now_ : 0;
        const unsigned level = differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / 6U;
        const std::uint64_t digits = t.deadline > now_ ? t.deadline : now_;
        return {level, static_cast<unsigned>((digits >> (6U * level)) & 63U)};
    }

    unsigned lowest_level() const noexcept {
        unsigned level = 0;
        while (occupied_[level] == 0) {
            level += 1;
        }
        return level;
    }

    std::uint64_t start_of(unsigned level, unsigned slot) const noexcept {
        const unsigned above = 6U * (level + 1U);
        const std::uint64_t prefix = above >= 64U ? 0 : now_ >> above << above;
        return prefix | (std::uint64_t{slot} << (6U * level));
    }

    std::uint64_t now_;
    std::array<std::uint64_t, levels> occupied_{};
    std::array<std::array<timer*, 64>, levels> slots_{};
    std::array<std::array<timer*, 64>, levels> last_{};  // of a slot, while a higher one moves down
};

}  // namespace drover
