#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/ids.hpp"
#include "drover/message/message_names.hpp"
#include "drover/tracing/flight_recorder.hpp"
#include "drover/tracing/trace_context.hpp"

namespace drover {

/// A moment in a recording: when, and in which thread.
struct trace_moment {
    clock_duration at{};
    std::uint64_t thread = 0;
};

/// A handler, or a stretch of one that waits in between, from its begin to its end in one thread.
struct trace_slice {
    std::uint64_t thread = 0;
    clock_duration begin{};
    clock_duration end{};  ///< when the recording was taken, if it runs still
    bool running = false;
    bool resumed = false;
    span_id span = span_id::none;
    actor_id actor = actor_id::none;       ///< none if its first stretch is lost
    const message_names* names = nullptr;  ///< of the first stretch, if that is there; else of what it has waited for
};

/// A message, or a reply, from the sender to who took it.
struct trace_message {
    span_id span = span_id::none;
    span_id parent = span_id::none;  ///< the span that sent it; none of a root
    const message_names* names = nullptr;
    bool reply = false;
    bool delayed = false;   ///< `due` is set
    bool in_slice = false;  ///< it was sent in one of the slices
    trace_moment sent{};
    trace_moment due{};
    trace_moment taken{};
};

/// What a recording tells, put together. A piece of which a part has been written over is not among them.
struct trace_pieces {
    std::vector<trace_slice> slices;                     ///< of one thread in the order of their ends
    std::vector<trace_message> messages;                 ///< sent and taken; by the time of the send within each thread
    std::unordered_map<std::uint64_t, trace_id> traces;  ///< by span, where the root of the trace is known
};

namespace detail {

class piece_finder {
public:
    explicit piece_finder(const flight_recording& from) : from_(from) {
        for (const flight_thread& each : from.threads) {
            collect(each);
        }
    }

    trace_pieces pieces() {
        trace_pieces found;
        for (trace_slice& each : slices_) {
            if (const auto first = first_.find(to_integer(each.span)); first != first_.end()) {
                each.actor = actor_id{first->second->other};
                each.names = first->second->names;
            }
        }
        found.slices = std::move(slices_);
        for (trace_message& each : sent_) {
            if (const auto when = due_.find(to_integer(each.span)); when != due_.end()) {
                each.due = when->second;
                each.delayed = true;
            }
            if (const auto when = taken_.find(to_integer(each.span)); when != taken_.end()) {
                each.taken = when->second;
                found.messages.push_back(each);
            }
        }
        for (const auto& [span, parent] : parents_) {
            note_trace(found, span);
        }
        return found;
    }

private:
    void collect(const flight_thread& thread) {
        std::vector<const flight_event*> open;
        for (const flight_event& each : thread.events) {
            const std::uint64_t span = to_integer(each.span);
            switch (each.kind) {
                case flight_event_kind::rooted: roots_[span] = each.trace; break;
                case flight_event_kind::sent:
                case flight_event_kind::replied:
                    parents_[span] = each.other;
                    sent_.push_back({each.span,
                                     span_id{each.other},
                                     each.names,
                                     each.kind == flight_event_kind::replied,
                                     false,
                                     !open.empty(),
                                     {each.at, thread.number},
                                     {},
                                     {}});
                    break;
                case flight_event_kind::due: due_[span] = {each.at, thread.number}; break;
                case flight_event_kind::joined:
                    if (!open.empty()) {
                        note_taken(span, {each.at, thread.number});
                    }
                    break;
                case flight_event_kind::began:
                    first_.try_emplace(span, &each);
                    open.push_back(&each);
                    break;
                case flight_event_kind::resumed: open.push_back(&each); break;
                case flight_event_kind::ended:
                    if (!open.empty()) {  // else its begin is lost
                        close(thread, *open.back(), each.at, false);
                        open.pop_back();
                    }
                    break;
            }
        }
        for (; !open.empty(); open.pop_back()) {
            if (!thread.ended) {
                close(thread, *open.back(), from_.taken, true);
            }
        }
    }

    void close(const flight_thread& thread, const flight_event& begin, clock_duration end, bool running) {
        const bool resumed = begin.kind == flight_event_kind::resumed;
        slices_.push_back({thread.number, begin.at, std::max(begin.at, end), running, resumed, begin.span,
                           actor_id::none, begin.names});
        const std::uint64_t cause = resumed ? begin.other : to_integer(begin.span);
        if (cause != 0) {
            note_taken(cause, {begin.at, thread.number});
        }
    }

    // The first time: one that was put aside, or whose handler threw, may be handled again.
    void note_taken(std::uint64_t span, trace_moment when) {
        const auto [known, fresh] = taken_.try_emplace(span, when);
        if (!fresh && when.at < known->second.at) {
            known->second = when;
        }
    }

    // Its own, or that of the next above it which has one.
    void note_trace(trace_pieces& found, std::uint64_t span) {
        std::vector<std::uint64_t> way;
        std::uint64_t above = span;
        while (!found.traces.contains(above)) {
            if (const auto root = roots_.find(above); root != roots_.end()) {
                found.traces[above] = root->second;
                break;
            }
            way.push_back(above);
            const auto parent = parents_.find(above);
            if (parent == parents_.end() || way.size() > parents_.size()) {
                return;
            }
            above = parent->second;
        }
        const trace_id its = found.traces[above];
        for (const std::uint64_t each : way) {
            found.traces[each] = its;
        }
    }

    const flight_recording& from_;
    std::vector<trace_slice> slices_;
    std::vector<trace_message> sent_;
    std::unordered_map<std::uint64_t, const flight_event*> first_;
    std::unordered_map<std::uint64_t, trace_moment> due_;
    std::unordered_map<std::uint64_t, trace_moment> taken_;
    std::unordered_map<std::uint64_t, std::uint64_t> parents_;
    std::unordered_map<std::uint64_t, trace_id> roots_;
};

}  // namespace detail

/// Puts the records of all threads together. Any thread; linear in their number. Throws std::bad_alloc.
inline trace_pieces pieces_of(const flight_recording& recording) {
    return detail::piece_finder(recording).pieces();
}

}  // namespace drover
