#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "drover/base/contracts.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/taken_nodes.hpp"

namespace drover {

/// A mailbox of `Levels` levels, 2 to 16; a message of a higher one goes first. The level is the actor's static
/// `priority(const M&)` if it has that, else the message's `static constexpr … priority`, else 0. Order holds for each
/// sender within a level. So that lower levels do not starve, no message is passed by more than `Bypass` messages of
/// higher levels in a row: then its level has a turn, the lowest such level first.
///
/// A push costs what it costs in the unbounded mailbox. The consumer takes all that has come off the list and sorts it:
/// O(Levels) a message.
template <std::size_t Levels, std::size_t Bypass = 64>
struct priority_mailbox {
    static_assert(Levels >= 2 && Levels <= 16, "drover: a priority mailbox has 2 to 16 levels");
    static_assert(Bypass >= 1, "drover: the bypass bound of a priority mailbox is 1 or more");

    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;

    static constexpr bool limited = false;
    static constexpr std::size_t levels = Levels;
    static constexpr mailbox_limits default_limits() noexcept { return {}; }

    struct extra {
        extra() = default;
        explicit extra(const mailbox_limits&) noexcept {}

        struct level_state {
            taken_nodes nodes;
            std::size_t passed =
                0;  // messages of higher levels given since this level had its turn, or became non-empty
        };
        std::array<level_state, Levels> levels{};
        taken_nodes unsorted;
        message_node* mark = nullptr;  // the end mark: what came behind it stays where it is
        message_node* given = nullptr;
    };

    static push_result push_chain(producer_side& p, extra&, message_node* first, message_node* last) noexcept {
        return tagged_list::push_chain(p, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side&, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        sort(p, x, owner);
        message_node* next = nullptr;
        const std::size_t chosen = choose(x);
        if (chosen != Levels) {
            next = x.levels[chosen].nodes.pop(wanted);
        } else if (x.mark != nullptr && wanted(x.mark)) {
            next = std::exchange(x.mark, nullptr);
        }
        if (next == nullptr) {
            return nullptr;
        }
        if (chosen != Levels) {
            for (std::size_t lower = 0; lower != chosen; ++lower) {
                x.levels[lower].passed += x.levels[lower].nodes.empty() ? 0U : 1U;
            }
            x.levels[chosen].passed = 0;
        }
        retire_given(x, owner);
        return x.given = next;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        return empty(x) && tagged_list::try_mark_idle(p, c, [](message_node*) noexcept {});
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        return empty(x) && tagged_list::try_close(p, c, [](message_node*) noexcept {});
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side&, const consumer_side&, const extra& x) noexcept {
        return x.given;
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        std::size_t waiting = x.mark != nullptr && most != 0 ? 1 : 0;
        for (const auto& each : x.levels) {
            waiting += each.nodes.count(most - waiting);
        }
        waiting += x.unsorted.count(most - waiting);
        return waiting + tagged_list::count(p, c, most - waiting);
    }

    /// Before the next pop, if the consumer needs it no longer.
    template <class Owner>
    static void retire_given(extra& x, const Owner& owner) noexcept {
        if (x.given != nullptr) {
            owner.retire(std::exchange(x.given, nullptr));
        }
    }

private:
    template <class Owner>
    static void sort(producer_side& p, extra& x, const Owner& owner) noexcept {
        if (x.mark != nullptr) {
            return;
        }
        x.unsorted.append(tagged_list::take_all(p));
        while (message_node* const each = x.unsorted.pop()) {
            if (owner.is_mark(each)) {
                x.mark = each;
                return;
            }
            const std::size_t level = owner.level(each);
            if (level >= Levels) {  // the sender has looked too
                fail_contract("the priority of a message changed while it waited; priority() must be a pure function");
            }
            x.levels[level].nodes.append(each);
        }
    }

    static std::size_t choose(const extra& x) noexcept {
        std::size_t highest = Levels;
        for (std::size_t level = 0; level != Levels; ++level) {
            if (!x.levels[level].nodes.empty()) {
                if (x.levels[level].passed >= Bypass) {
                    return level;
                }
                highest = level;
            }
        }
        return highest;
    }

    static bool empty(const extra& x) noexcept {
        for (const auto& each : x.levels) {
            if (!each.nodes.empty()) {
                return false;
            }
        }
        return x.unsorted.empty() && x.mark == nullptr;
    }
};

static_assert(mailbox_policy<priority_mailbox<3>>);

}  // namespace drover
