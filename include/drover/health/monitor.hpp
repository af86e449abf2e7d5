#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/health/options.hpp"
#include "drover/health/panic.hpp"
#include "drover/health/part.hpp"
#include "drover/health/record.hpp"
#include "drover/health/standing.hpp"

namespace drover {

/// When a member joined its pool.
enum class joining : std::uint8_t {
    at_start,  ///< with all others: nobody has any load yet, so nothing surges
    later,     ///< to a pool that runs: it starts slowly
};

/// Watches the members of one pool: is told what happens to them, and says how they are. It has no clock and no thread:
/// time is what it is told, and must not go back. One thread at a time. What it is told comes into force at the next
/// `sweep`, so whoever tells it something then sweeps; once for many things will do. News of a member that has left, or
/// never was, are let pass: they may have been under way. Only `joined` and the constructor allocate.
template <health_part... Parts>
class health_monitor {
public:
    /// `Parts`' options are checked: throws std::invalid_argument with one sentence.
    health_monitor(const health_options<Parts...>& chosen, [[maybe_unused]] std::uint64_t seed)
        : panic_((check(chosen), chosen.panic())),
          parts_(typename Parts::watcher(chosen.template of<Parts>(), seed)...) {}

    /// `signals` are those of the member's record, which stands until left(). O(n); O(1) if ids grow. Throws
    /// std::bad_alloc, and std::invalid_argument if there is such a member.
    void joined(std::uint64_t id, const member_signals& signals, time_point now, joining when) {
        const std::size_t index = place_of(id);
        if (has(index, id) || leaving(id) != leaving_.end()) {
            throw std::invalid_argument(join_text(
                {"drover: a pool has a member ", std::to_string(id), " already; give each an id of its own"}));
        }
        make_room(members_.size() + leaving_.size() + 1);
        std::size_t told = 0;
        try {
            each_part([&](auto& part) {
                part.joined(index, signals, now);
                told += 1;
            });
        } catch (...) {
            each_part([&](auto& part) {
                if (told != 0) {
                    part.left(index);
                    told -= 1;
                }
            });
            throw;
        }
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{.id = id, .now = {.since = now}});
        if (when == joining::later) each_part([&](auto& part) { part.recovered(index, now); });
    }

    /// It is gone; nobody reads its record any more. O(n).
    void left(std::uint64_t id) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            drop(index);
        } else if (const auto found = leaving(id); found != leaving_.end()) {
            leaving_.erase(found);
        }
    }

    /// It gets no new messages, and leaves when it has none. Nobody reads its record any more. O(n).
    void draining(std::uint64_t id, time_point now) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            leaving_.push_back(
                {.id = id, .now = {.pickable = false, .state = health_state::draining, .since = now}, .fresh = true});
            drop(index);
        }
    }

    /// It has begun anew, and so is back if it was held. As a failure its record has counted that. O(log n).
    void restarted(std::uint64_t id, time_point now) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            members_[index].held = false;
            each_part([&](auto& part) {
                part.restarted(index, now);
                part.recovered(index, now);
            });
        }
    }

    /// It is over its restart limit, or waits before it is restarted; until restarted().
    void held(std::uint64_t id) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            members_[index].held = true;
            each_part([&](auto& part) { part.held(index); });
        }
    }

    /// The answer to a probe: what `health()` said, or false if asking failed. Ask with the probes' timeout, so that no
    /// answer comes when the next probe is out.
    void probe_result(std::uint64_t id, bool healthy, time_point now) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            each_part([&](auto& part) { part.probed(index, healthy, now); });
        }
    }

    /// What a member says of itself without being asked. Parts count it as they say.
    void reported(std::uint64_t id, bool healthy, time_point now) noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) {
            each_part([&](auto& part) { part.reported(index, healthy, now); });
        }
    }

    /// Judges all members. Call it when something was told, when a record asked for it, and at `next_due`; more often
    /// does no harm, later only makes what is due late. O(n), and O(k log k) for k outliers. The findings stand until
    /// the next call.
    const health_findings& sweep(time_point now) noexcept {
        found_.changed.clear();
        found_.probe.clear();
        each_part([&](auto& part) { part.look(now); });
        std::size_t healthy = 0;
        bool all_hang = true;
        for (std::size_t each = 0; each != members_.size(); ++each) {
            judge(each, now);
            healthy += members_[each].next.state == health_state::healthy ? 1 : 0;
            all_hang = all_hang && members_[each].next.state >= health_state::stuck;
        }
        found_.panic = panic_.look(healthy, members_.size());
        for (std::size_t each = 0; each != members_.size(); ++each) {
            member& one = members_[each];
            // What is sent to one that hangs waits, and a bad answer is better than none: so it stays out if others do
            // not.
            one.next.pickable = found_.panic ? panic_.then() == panic_answer::use_all &&
                                                   (all_hang || one.next.state != health_state::stuck)
                                             : one.next.state <= health_state::half_open;
            if (one.fresh || one.next != one.now) found_.changed.push_back(one.id);
            one.now = one.next;
            one.fresh = false;
            bool probe = false;
            each_part([&](auto& part) { probe = part.wants_probe(each, now) || probe; });
            if (probe) found_.probe.push_back(one.id);
        }
        for (member& each : leaving_) {
            if (each.fresh) found_.changed.push_back(each.id);
            each.fresh = false;
        }
        found_.next_due = time_point::max();
        each_part([&](auto& part) { found_.next_due = std::min(found_.next_due, part.next_due()); });
        return found_;
    }

    /// As of the last sweep; null: no such member. O(log n). Stands until the next call of another function.
    const standing* standing_of(std::uint64_t id) const noexcept {
        if (const std::size_t index = place_of(id); has(index, id)) return &members_[index].now;
        const auto found =
            std::find_if(leaving_.begin(), leaving_.end(), [id](const member& one) { return one.id == id; });
        return found != leaving_.end() ? &found->now : nullptr;
    }

    /// Without those that drain.
    std::size_t size() const noexcept { return members_.size(); }

private:
    struct member {
        std::uint64_t id;
        standing now{};   // as it was told
        standing next{};  // as a sweep is about to tell
        bool held = false;
        bool fresh = true;  // has not been told yet
    };

    void each_part(auto&& what) {
        std::apply([&](auto&... part) { (what(part), ...); }, parts_);
    }

    void judge(std::size_t index, time_point now) noexcept {
        member& one = members_[index];
        health_verdict worst;
        if (one.held) worst.state = health_state::held;
        bool by_trial = false;
        each_part([&](auto& part) {
            const health_verdict said = part.verdict(index);
            if (said.state > worst.state) worst = said;
            by_trial = by_trial || said.state == health_state::half_open;
        });
        one.next = one.now;
        if (worst.state != one.now.state) {
            one.next.state = worst.state;
            one.next.since = now;
            if (worst.state == health_state::healthy) each_part([&](auto& part) { part.recovered(index, now); });
        }
        one.next.until = worst.until;
        one.next.by_trial = by_trial;
        one.next.factor = 1;
        each_part([&](auto& part) { one.next.factor *= part.factor(index); });
    }

    std::size_t place_of(std::uint64_t id) const noexcept {
        if (members_.empty() || members_.back().id < id) return members_.size();
        const auto found = std::lower_bound(members_.begin(), members_.end(), id,
                                            [](const member& one, std::uint64_t other) { return one.id < other; });
        return static_cast<std::size_t>(found - members_.begin());
    }
    bool has(std::size_t index, std::uint64_t id) const noexcept {
        return index != members_.size() && members_[index].id == id;
    }
    typename std::vector<member>::iterator leaving(std::uint64_t id) noexcept {
        return std::find_if(leaving_.begin(), leaving_.end(), [id](const member& one) { return one.id == id; });
    }

    void drop(std::size_t index) noexcept {
        each_part([&](auto& part) { part.left(index); });
        members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    // So that nothing else allocates.
    void make_room(std::size_t size) {
        const std::size_t wanted = std::max(size, std::min(2 * members_.capacity(), 2 * size));
        if (found_.changed.capacity() >= size) return;
        members_.reserve(wanted);
        leaving_.reserve(wanted);
        found_.probe.reserve(wanted);
        found_.changed.reserve(wanted);
    }

    panic_watch panic_;
    std::tuple<typename Parts::watcher...> parts_;
    std::vector<member> members_;  // by their ids
    std::vector<member> leaving_;
    health_findings found_;
};

}  // namespace drover
