#pragma once

#include <drover/tracing/flight_recorder.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Recordings of the flight recorder, written by hand.
namespace drover_test::flight {

using namespace std::chrono_literals;
using kind = drover::flight_event_kind;

inline constexpr drover::message_names job_names{"worker", "job"};
inline constexpr drover::message_names reply_names{"reply", "int"};
inline constexpr drover::trace_id trace{0x0af7651916cd43ddU, 0x8448eb211c80319cU};

constexpr drover::span_id span(std::uint64_t number) {
    return drover::span_id{number};
}

inline drover::flight_event event(kind what, std::uint64_t at, std::uint64_t its, std::uint64_t other,
                                  const drover::message_names* names) {
    return {std::chrono::nanoseconds(at), what, span(its), other, names, {}};
}
inline drover::flight_event rooted(std::uint64_t its) {
    return {{}, kind::rooted, span(its), 0, nullptr, trace};
}
inline drover::flight_event sent(std::uint64_t at, std::uint64_t its, std::uint64_t parent,
                                 const drover::message_names& names = job_names) {
    return event(kind::sent, at, its, parent, &names);
}
inline drover::flight_event replied(std::uint64_t at, std::uint64_t its, std::uint64_t parent) {
    return event(kind::replied, at, its, parent, &reply_names);
}
inline drover::flight_event due(std::uint64_t at, std::uint64_t its) {
    return event(kind::due, at, its, 0, &job_names);
}
inline drover::flight_event joined(std::uint64_t at, std::uint64_t its, std::uint64_t handler) {
    return event(kind::joined, at, its, handler, &job_names);
}
inline drover::flight_event began(std::uint64_t at, std::uint64_t its, std::uint64_t actor,
                                  const drover::message_names& names = job_names) {
    return event(kind::began, at, its, actor, &names);
}
inline drover::flight_event resumed(std::uint64_t at, std::uint64_t its, std::uint64_t reply) {
    return event(kind::resumed, at, its, reply, &reply_names);
}
inline drover::flight_event ended(std::uint64_t at, std::uint64_t its) {
    return event(kind::ended, at, its, 0, nullptr);
}

inline drover::flight_thread thread(std::uint64_t number, std::vector<drover::flight_event> events) {
    return {number, "thread/" + std::to_string(number), false, 0, std::move(events)};
}

/// Taken at 100 ns.
inline drover::flight_recording recording(std::vector<drover::flight_thread> threads) {
    return {std::chrono::nanoseconds(100), std::move(threads)};
}

}  // namespace drover_test::flight
