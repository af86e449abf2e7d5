#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "drover/metrics/counter_metrics.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/metrics/latency_part.hpp"

namespace drover {

/// counter_metrics, and how long messages wait and handlers take, by actor type. Of the messages of one type that a
/// thread handles, one of `Handlers` is timed, the first one too; and of those it sends, the wait of one of `Messages`.
/// Both are powers of two; 1 is all of them.
///
/// A processing time is that of one call of a handler until it returns, one observation for a batch; not of one that
/// throws, nor of a further attempt after that, nor of a coroutine that is suspended, whose parts run at other times. A
/// mailbox time goes from the push into a mailbox or stash until the handler begins. If all handlers are timed those
/// that follow one another on a worker share one reading of the time between them, so to each belongs what the worker
/// did before it, some ten nanoseconds. Each message carries 8 bytes more.
template <std::uint64_t Handlers = 64, std::uint64_t Messages = Handlers>
struct latency_metrics : counter_metrics {
    static_assert(std::has_single_bit(Handlers) && std::has_single_bit(Messages),
                  "drover: wrong sampling: latency_metrics times one in a power of two, such as 1 or 64");

    using thread_part = latency_part;
    struct stamp {
        std::uint64_t pushed = 0;  ///< 0: not timed
    };

    static void on_stamp(latency_part& part, hook_subject who, std::size_t place, stamp& mark) noexcept {
        if ((of(part, who).enqueued.read() + place) % Messages == 0) {
            mark.pushed = part.ticks.now();
        }
    }

    static void on_dequeue(latency_part& part, hook_subject who, const stamp& mark) noexcept {
        const std::uint64_t taken = of(part, who).dequeued.add(1);
        // It has begun already if this is one more of a batch, or if the end of another was its beginning.
        if (taken % Handlers == 1 % Handlers && part.began == 0) {
            part.began = part.ticks.now();
        }
        if (mark.pushed != 0) {
            record_wait(part, who, mark);
        }
    }

    static void on_handled(latency_part& part, hook_subject who, std::size_t messages) noexcept {
        counter_metrics::on_handled(part, who, messages);
        if (const std::uint64_t began = part.began; began != 0) {
            const std::uint64_t now = part.ticks.now();
            part.began = Handlers == 1 && part.ticks.runs() ? now : 0;
            if (auto* const its = part.of(who.label); its != nullptr) [[likely]] {
                its->processing.record(part.ticks.between(began, now));
            }
        }
    }

    static void on_failure(latency_part& part, hook_subject who) noexcept {
        counter_metrics::on_failure(part, who);
        on_other(part);
    }
    static void on_dead_letter(latency_part& part, hook_subject who, dead_letter_reason why) noexcept {
        counter_metrics::on_dead_letter(part, who, why);
        if (why == dead_letter_reason::unhandled) {
            on_other(part);
        }
    }
    static void on_other(latency_part& part) noexcept { part.began = 0; }
    static void on_idle(latency_part& part) noexcept { part.began = 0; }

private:
    [[gnu::noinline]] static void record_wait(latency_part& part, hook_subject who, const stamp& mark) noexcept {
        const std::uint64_t now = part.began != 0 ? part.began : part.ticks.now();
        if (auto* const its = part.of(who.label); its != nullptr) {
            its->mailbox.record(part.ticks.between(mark.pushed, now));
        }
    }
};

static_assert(metrics_policy<latency_metrics<>>);

}  // namespace drover
