#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string_view>

#include "drover/actor/cell.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/ids.hpp"
#include "drover/message/signal.hpp"

namespace drover {

/// Who is restarted with a child that is.
enum class strategy : std::uint8_t {
    one_for_one,   ///< nobody else
    one_for_all,   ///< all children of its parent
    rest_for_one,  ///< the children that its parent has spawned after it
};

constexpr std::string_view to_string(strategy value) noexcept {
    switch (value) {
        case strategy::one_for_one: return "one_for_one";
        case strategy::one_for_all: return "one_for_all";
        case strategy::rest_for_one: return "rest_for_one";
    }
    return "unknown";
}

/// A child's part in the restarts of its group, a round each. Parent and child take turns: `halt` and `go` go down, and
/// are answered by `halted` and `going`. A child that fails says `halted` without having been asked. None of the four
/// is under way twice: each is sent only after an answer to what came behind it the last time.
template <class F>
struct group_seat {
    using context = basic_context<F>;
    using operations = signal_operations<context>;

    struct note : signal<context> {
        note(const operations& record, group_seat& of) noexcept : signal<context>(&record), seat(of) {}
        group_seat& seat;
    };

    explicit group_seat(basic_cell<F>& owner) noexcept : child(owner) {}

    basic_cell<F>& child;
    note halt{halt_record, *this};
    note go{go_record, *this};
    note halted{halted_record, *this};
    note going{going_record, *this};

    // The parent's alone.
    enum class place : std::uint8_t { none, asked, halted, released, gone } stands = place::none;

    /// The child's: with a count on the child, as a parent that lets it go does not wait for what is under way.
    void tell_parent(note& what) noexcept {
        child.retain();
        if (child.parent->post(&what) == system_lane::post_result::refused) {
            forget_told(&what);
        }
    }

    // Written before a note is sent, and read when it has come.
    std::exception_ptr halt_cause;  ///< the parent's, with `halt`: the child may fail on its own just then
    std::exception_ptr cause;       ///< the child's, with `halted`
    clock_duration delay{};
    bool failed_itself = false;

    // The child's alone.
    bool in_round = false;
    bool reported = false;
    bool must_halt = false;  ///< said by the parent; the child's run has not yet followed

private:
    static void on_halt(signal<context>* node, context& turn);
    static void on_go(signal<context>* node, context& turn);
    static void on_halted(signal<context>* node, context& turn);
    static void on_going(signal<context>* node, context& turn);
    static void forget(signal<context>*) noexcept {}
    static void forget_told(signal<context>* node) noexcept { static_cast<note&>(*node).seat.child.release(); }

    static constexpr operations halt_record{&on_halt, &forget};
    static constexpr operations go_record{&on_go, &forget};
    static constexpr operations halted_record{&on_halted, &forget_told};
    static constexpr operations going_record{&on_going, &forget_told};
};

/// A round, as the parent sees it: children whose ids are in a range halt, the youngest first and one after the other;
/// then all go on, the oldest first. A child that cannot be built anew is stopped instead. Children spawned meanwhile
/// are not in it.
template <class F>
class group_round {
public:
    /// `failed` has halted by itself, for `cause`.
    void extend(const basic_cell<F>& parent, const group_seat<F>& failed, strategy who) noexcept {
        const actor_id oldest = who == strategy::one_for_all ? actor_id{} : failed.child.id;
        first_ = active_ ? std::min(first_, oldest) : oldest;
        last_ = parent.extra.load(std::memory_order_relaxed)->youngest_child->id;
        cause_ = failed.cause;
        delay_ = failed.delay;
        active_ = true;
    }

    /// The parent has got a new state: there are no children.
    void end() noexcept {
        active_ = false;
        cause_ = nullptr;
    }

    /// After every step of a child, its end among them. On the parent's worker.
    void advance(basic_cell<F>& parent) noexcept;

private:
    bool active_ = false;
    actor_id first_{};
    actor_id last_{};
    std::exception_ptr cause_;
    clock_duration delay_{};
};

}  // namespace drover
