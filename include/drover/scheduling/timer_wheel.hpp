#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace drover {

/// A moment at which a function is called. Stands inside the object it belongs to.
struct timer {
    using fire_function = void(timer*) noexcept;

    explicit constexpr timer(fire_function* function) noexcept : fire(function) {}

    timer* next = nullptr;
    timer* previous = nullptr;
    std::uint64_t deadline = 0;  ///< ticks
    fire_function* fire;         ///< in whichever thread turns the wheel
    std::uint8_t level = 0;
    std::uint8_t slot = 0;
    bool armed = false;
};

/// A hierarchical timing wheel (Varghese and Lauck 1987): 11 levels of 64 slots over 64-bit ticks. A timer stands at the
/// level of the highest 6-bit digit in which its deadline differs from the present, so every timer of a lower level is
/// due before every timer of a higher one, and the next one is found from bit masks. Add and remove are O(1); a timer
/// moves down at most ten times in its life. Not thread-safe.
class timer_wheel {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    explicit timer_wheel(std::uint64_t now) noexcept : now_(now) {}

    /// A deadline in the past is due at the next advance().
    void add(timer& t) noexcept {
        const std::uint64_t differs = t.deadline > now_ ? t.deadline ^ now_ : 0;
        const unsigned level = differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / 6U;
        const std::uint64_t digits = t.deadline > now_ ? t.deadline : now_;
        t.level = static_cast<std::uint8_t>(level);
        t.slot = static_cast<std::uint8_t>((digits >> (6U * level)) & 63U);
        t.armed = true;
        timer*& first = slots_[level][t.slot];
        t.previous = nullptr;
        t.next = first;
        if (first != nullptr) {
            first->previous = &t;
        }
        first = &t;
        occupied_[level] |= std::uint64_t{1} << t.slot;
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
        for (std::uint64_t event = next_event(); event <= to && event != never; event = next_event()) {
            now_ = event > now_ ? event : now_;
            const unsigned level = lowest_level();
            const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
            timer* each = slots_[level][slot];
            slots_[level][slot] = nullptr;
            occupied_[level] &= ~(std::uint64_t{1} << slot);
            // Slots are filled at the front: turned round, timers of one deadline fire in the order they were armed.
            timer* oldest = nullptr;
            while (each != nullptr) {
                timer* const next = each->next;
                each->next = oldest;
                oldest = each;
                each = next;
            }
            while (oldest != nullptr) {
                timer* const next = oldest->next;
                if (level == 0) {
                    oldest->armed = false;
                    oldest->next = nullptr;
                    *end = oldest;
                    end = &oldest->next;
                } else {
                    add(*oldest);
                }
                oldest = next;
            }
        }
        now_ = to > now_ ? to : now_;
        return first;
    }

private:
    static constexpr unsigned levels = 11;

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
};

}  // namespace drover
