#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "drover/actor/context.hpp"
#include "drover/actor/message.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/send.hpp"
#include "drover/actor/timer_handle.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/health/health.hpp"
#include "drover/message/envelope.hpp"
#include "drover/pool/pool_state.hpp"

namespace drover {

/// An actor that can be asked how it is: `bool health()`, in its own turn, behind the messages that wait.
template <class A>
concept reports_health = requires(A& state) {
    { state.health() } -> std::convertible_to<bool>;
};

namespace detail {

/// A probe on its way to a member: a message, so it tells also how long the member takes to come to one.
template <class A, class F>
struct probe_message {
    struct payload_type {
        recipient<member_news, F> answer;
        member_news news;
    };
    using envelope_type = loaded_envelope<basic_context<F>, stamp_of<F>, payload_type>;

    /// False if there is no room for it, or the member has stopped.
    static bool send(const ref<A, F>& to, const recipient<member_news, F>& answer, std::uint64_t id,
                     std::uint64_t probe) {
        basic_cell<F>& cell = *to.cell();
        lane& mine = lane_to(*cell.core);
        const send_bracket bracket(mine);
        const port<A, F> way(cell, mine);
        if (to.stopped()) {
            return false;
        }
        const admitted place = way.admit(1, false);
        reservation reserved(way, place, 1);
        if (!is_accepted(place.result)) {
            return false;
        }
        envelope_type* const fresh =
            envelope_type::create(&record, payload_type{answer, {id, member_news::answered_unwell, probe}});
        reserved.keep();
        F::tracing::sent(fresh->stamp.tracing, cell.id, record.names);
        static_cast<void>(way.push({fresh, fresh, 1}, place));
        return true;
    }

private:
    static void run(message_node* node, basic_context<F>& turn) {
        auto& self = *static_cast<envelope_type*>(node);
        payload_type told = std::move(self.payload());
        self.destroy_payload();
        std::exception_ptr thrown;
        try {
            if (static_cast<bool>(turn.template state<A>().health())) {
                told.news.kind = member_news::answered_well;
            }
        } catch (...) {
            thrown = std::current_exception();
        }
        told.answer.tell(told.news);
        if (thrown != nullptr) {
            std::rethrow_exception(std::move(thrown));
        }
    }

    static void discard(message_node* node) { static_cast<envelope_type*>(node)->destroy_payload(); }

    static constexpr operations_of<F> record = named<A, F>({&run, &discard, envelope_type::size_class, "health probe"});
};

}  // namespace detail

/// The health of a pool's members as its controller looks after it: what the monitor is told, the probes that are out,
/// and when to look again. Nothing if nobody watches.
template <class A, class Policy, class F>
class pool_health {
    using health = health_of<Policy>;

public:
    pool_health(const typename health::options& options, std::uint64_t seed) : monitor_(options, seed) {}

    /// Judges all; the seats are given their standings. True if one has another. `again(after)` arms a timer.
    template <class Seats, class Again>
    bool look(Seats& seats, [[maybe_unused]] const lane& mine, time_point now, const recipient<member_news, F>& answers,
              Again again) {
        if constexpr (watched<Policy>) {
            const health_findings& found = monitor_.sweep(now);
            for (auto& each : seats) {
                if (const standing* const its = monitor_.standing_of(each.id); its != nullptr) {
                    each.health = *its;
                    note_standing(each, mine);
                }
            }
            for (const std::uint64_t id : found.probe) {
                const auto one = std::find_if(seats.begin(), seats.end(), [id](const auto& s) { return s.id == id; });
                if (one != seats.end()) {
                    probe(*one, answers);
                }
            }
            if (found.next_due != time_point::max()) {
                again(std::max(found.next_due - now, clock_duration(1)));
            }
            return !found.changed.empty();
        } else {
            return false;
        }
    }

    template <class Seat>
    void joined(Seat& one, time_point now, joining when) {
        monitor_.joined(one.id, one.link->health.signals(), now, when);
    }
    template <class Seat>
    void left(Seat& one, const lane& mine) noexcept {
        monitor_.left(one.id);
        note(one, false, mine);
    }
    void draining(std::uint64_t id, time_point now) noexcept { monitor_.draining(id, now); }

    template <class Seat>
    void heard(Seat& one, const member_news& news, time_point now) noexcept {
        switch (news.kind) {
            case member_news::away: monitor_.held(one.id); break;
            case member_news::back: monitor_.restarted(one.id, now); break;
            case member_news::look: break;
            case member_news::well: monitor_.reported(one.id, true, now); break;
            case member_news::unwell: monitor_.reported(one.id, false, now); break;
            case member_news::answered_well:
            case member_news::answered_unwell:
                if (news.probe == one.probe && std::exchange(one.probed, false)) {
                    monitor_.probe_result(one.id, news.kind == member_news::answered_well, now);
                }
                break;
        }
    }

private:
    // One that is let in on trial has not recovered yet.
    template <class Seat>
    static void note_standing(Seat& one, const lane& mine) noexcept {
        const health_state now = one.health.state;
        if (now == health_state::healthy || (now > health_state::half_open && now != health_state::draining)) {
            note(one, now != health_state::healthy, mine);
        }
    }

    // Who comes to its place later begins well.
    template <class Seat>
    static void note(Seat& one, bool ejected, const lane& mine) noexcept {
        if (one.ejected == ejected) {
            return;
        }
        one.ejected = ejected;
        if (ejected) {
            F::metrics::on_ejection(metrics_part<F>(mine), one.label);
        } else {
            F::metrics::on_recovery(metrics_part<F>(mine), one.label);
        }
    }

    template <class Seat>
    void probe(Seat& one, const recipient<member_news, F>& answers) {
        if constexpr (includes(health::needs, health_signals::probes) && reports_health<A>) {
            one.probe += 1;
            one.probed = true;
            const member_news lost{one.id, member_news::answered_unwell, one.probe};
            bool sent = false;
            try {
                sent = detail::probe_message<A, F>::send(one.actor, answers, one.id, one.probe);
            } catch (...) {  // no memory: as if it had not answered
            }
            if (!sent) {
                answers.tell(lost);
            }
        }
    }

    typename health::monitor monitor_;
};

}  // namespace drover
