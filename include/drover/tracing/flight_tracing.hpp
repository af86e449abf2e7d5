#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "drover/base/ids.hpp"
#include "drover/message/message_names.hpp"
#include "drover/tracing/flight_recorder.hpp"
#include "drover/tracing/hooks.hpp"
#include "drover/tracing/sampler.hpp"
#include "drover/tracing/trace_context.hpp"
#include "drover/tracing/trace_scope.hpp"

namespace drover {

/// The tracing policy that writes down who sent what to whom and when it was handled: in a ring of `Records` records of
/// 32 bytes for each thread, of which the oldest are written over. read_flight_recorder() reads them,
/// write_chrome_trace() (drover/report.hpp) makes a picture of them. `Sampler` decides for each trace that begins in
/// this program.
///
///     struct traced : drover::features { using tracing = drover::flight_tracing<>; };
///     using app = drover::with<traced>;
///
/// A message is 32 bytes larger, a reply 64. A message of a trace that is not sampled costs copies of its context; a
/// recorded event reads the time and stores four words.
template <trace_sampler Sampler = sample_all, std::size_t Records = 16'384>
struct flight_tracing : no_tracing {
    static_assert(std::has_single_bit(Records) && Records >= 16 && Records <= (std::size_t{1} << 28U),
                  "drover: flight_tracing keeps a number of records that is a power of two, from 16 to 2^28");

    using stamp = trace_context;

    static void sent(stamp& fresh, actor_id, const message_names& names) noexcept {
        const trace_context* const now = detail::this_trace_thread.current;
        if (now == &detail::left_out_context) [[likely]] {
            fresh.flags = trace_context::left_out_flag;
        } else if (now == nullptr) {
            begin_trace(fresh, names);
        } else if (!now->sampled()) {
            fresh = *now;
        } else {
            follow(flight_event_kind::sent, fresh, *now, names);
        }
    }

    static void due(const stamp& its, actor_id, const message_names& names) noexcept {
        if (its.sampled()) {
            record(flight_event_kind::due, its.span, 0, &names);
        }
    }

    static void joined(const stamp& its, actor_id, const message_names& names) noexcept {
        if (its.sampled()) {
            record(flight_event_kind::joined, its.span, to_integer(current_trace().span), &names);
        }
    }

    static void replied(stamp& fresh, const message_names& names) noexcept {
        const trace_context* const now = detail::this_trace_thread.current;
        if (now != nullptr && now->sampled()) {
            follow(flight_event_kind::replied, fresh, *now, names);
        }
    }

    static void keep(stamp& kept) noexcept {
        if (const trace_context* const now = detail::this_trace_thread.current; now != nullptr) {
            kept = *now;
        }
    }

    class handling {
    public:
        handling(const stamp& its, actor_id actor, const message_names& names) noexcept
            : acting_(its), span_(recorded(its)) {
            if (span_ != span_id::none) {
                record(flight_event_kind::began, span_, to_integer(actor), &names);
            }
        }
        ~handling() {
            if (span_ != span_id::none) {
                record(flight_event_kind::ended, span_, 0, nullptr);
            }
        }
        handling(const handling&) = delete;
        handling& operator=(const handling&) = delete;

    private:
        const detail::acting_for acting_;
        const span_id span_;
    };

    /// What waited outside of any trace goes on in that of the reply.
    class resuming {
    public:
        resuming(const stamp& kept, const stamp& cause, actor_id, const message_names& names) noexcept
            : acting_(kept.empty() ? cause : kept), span_(recorded(kept.empty() ? cause : kept)) {
            if (span_ != span_id::none) {
                record(flight_event_kind::resumed, span_, to_integer(recorded(cause)), &names);
            }
        }
        ~resuming() {
            if (span_ != span_id::none) {
                record(flight_event_kind::ended, span_, 0, nullptr);
            }
        }
        resuming(const resuming&) = delete;
        resuming& operator=(const resuming&) = delete;

    private:
        const detail::acting_for acting_;
        const span_id span_;
    };

    using acting = detail::acting_for;

private:
    static span_id recorded(const stamp& its) noexcept { return its.sampled() ? its.span : span_id::none; }

    static flight_ring* ring() noexcept {
        flight_ring* const mine = detail::this_trace_thread.ring;
        return mine != nullptr ? mine : detail::flight_lanes::instance().join(Records);
    }

    [[gnu::noinline]] static void record(flight_event_kind kind, span_id span, std::uint64_t other,
                                         const message_names* names) noexcept {
        if (flight_ring* const mine = ring(); mine != nullptr) [[likely]] {
            mine->write({detail::flight_lanes::now(), to_integer(span), other, detail::pack(kind, names)});
        }
    }

    static void record_root(span_id first, const trace_id& trace) noexcept {
        if (flight_ring* const mine = ring(); mine != nullptr) {
            mine->write({trace.low, to_integer(first), trace.high, detail::pack(flight_event_kind::rooted, nullptr)});
        }
    }

    [[gnu::noinline]] static void begin_trace(stamp& fresh, const message_names& names) noexcept {
        if (!Sampler::sample()) {
            fresh.flags = trace_context::left_out_flag;
            return;
        }
        fresh = {detail::next_trace(), detail::next_span(), trace_context::sampled_flag};
        record_root(fresh.span, fresh.trace);
        record(flight_event_kind::sent, fresh.span, 0, &names);
    }

    [[gnu::noinline]] static void follow(flight_event_kind kind, stamp& fresh, const trace_context& cause,
                                         const message_names& names) noexcept {
        fresh = {cause.trace, detail::next_span(), trace_context::sampled_flag};
        if ((cause.flags & trace_context::foreign_flag) != 0) {
            record_root(fresh.span, fresh.trace);
        }
        record(kind, fresh.span, to_integer(cause.span), &names);
    }
};

static_assert(tracing_policy<flight_tracing<>>);

}  // namespace drover
