#pragma once

#include <cstddef>
#include <cstdint>

#include "drover/metrics/counter_metrics.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/metrics/latency_part.hpp"

namespace drover {

/// counter_metrics, and how long messages wait and handlers take, by actor type. One of `Handlers` handlers is timed and the
/// wait of one of `Messages` messages, each counted in the thread where it happens; 1 is all of them.
///
/// A processing time is that of one call of a handler until it returns, one observation for a batch; not of one that throws,
/// nor of a coroutine that is suspended, whose parts run at other times. A mailbox time goes from the push into a mailbox or
/// stash until the handler begins. Handlers that follow one another on a worker share one reading of the time between
/// them, so a wait may seem shorter by as much as the worker did in between, some ten nanoseconds. Each message carries 8
/// bytes more.
template <std::uint32_t Handlers = 64, std::uint32_t Messages = Handlers>
struct latency_metrics : counter_metrics {
    static_assert(Handlers > 0 && Messages > 0, "drover: latency_metrics of one in 0; 1 times all of them");

    using thread_part = latency_part;
    struct stamp {
        std::uint64_t pushed = 0;  ///< 0: not timed
    };

    static void on_stamp(latency_part& part, stamp& of_message) noexcept {
        if (Messages == 1 || --part.until_stamp == 0) {
            part.until_stamp = Messages;
            of_message.pushed = part.ticks.now();
        } else {
            of_message.pushed = 0;  // a message that moves has had one
        }
    }

    static void on_dequeue(latency_part& part, hook_subject who, const stamp& of_message) noexcept {
        counter_metrics::on_dequeue(part, who, of_message);
        std::uint64_t now = 0;
        if (Handlers == 1 || --part.until_handler == 0) {
            part.until_handler = Handlers;
            if (part.began == 0) {  // else this is one more of a batch
                now = part.ended != 0 ? part.ended : part.ticks.now();
                part.began = now;
                part.ended = 0;
            }
        }
        if (of_message.pushed != 0) {
            if (auto* const its = part.of(who.label); its != nullptr) {
                its->mailbox.record(part.ticks.between(of_message.pushed, now != 0 ? now : part.ticks.now()));
            }
        }
    }

    static void on_handled(latency_part& part, hook_subject who, std::size_t messages) noexcept {
        counter_metrics::on_handled(part, who, messages);
        if (part.began != 0) {
            const std::uint64_t now = part.ticks.now();
            if (auto* const its = part.of(who.label); its != nullptr) {
                its->processing.record(part.ticks.between(part.began, now));
            }
            part.began = 0;
            part.ended = Handlers == 1 && part.ticks.runs() ? now : 0;
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
    static void on_other(latency_part& part) noexcept {
        part.began = 0;
        part.ended = 0;
    }
    static void on_idle(latency_part& part) noexcept { part.ended = 0; }
};

static_assert(metrics_policy<latency_metrics<>>);

}  // namespace drover
