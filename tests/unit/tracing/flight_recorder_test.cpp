#include <drover/tracing/flight_recorder.hpp>

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/tracing/flight_tracing.hpp>

using namespace std::chrono_literals;

namespace {

constexpr drover::message_names job{"worker", "job"};
// Sizes that no other test has, so that no other test's rings are used.
using tracing = drover::flight_tracing<drover::sample_all, 64>;

void send(int times = 1) {
    for (int each = 0; each != times; ++each) {
        tracing::stamp fresh;
        tracing::sent(fresh, {}, job);
    }
}

const drover::flight_thread* named(const drover::flight_recording& all, const std::string& name) {
    const auto found =
        std::find_if(all.threads.begin(), all.threads.end(), [&](const auto& each) { return each.name == name; });
    return found != all.threads.end() ? &*found : nullptr;
}

void in_thread(const char* name, int times) {
    std::thread([=] {
        send(times);
        ::pthread_setname_np(::pthread_self(), name);  // after its first event
    }).join();
}

}  // namespace

TEST_CASE("a thread that has ended keeps its records, under its own name") {
    drover::clear_flight_recorder();
    in_thread("short life", 2);
    const auto all = drover::read_flight_recorder();
    const auto* const its = named(all, "short life");
    REQUIRE(its != nullptr);
    CHECK(its->ended);
    CHECK(its->overwritten == 0);
    REQUIRE(its->events.size() == 4);
    CHECK(its->events[0].kind == drover::flight_event_kind::rooted);
    CHECK(its->events[0].trace != drover::trace_id{});
    CHECK(its->events[0].names == nullptr);
    CHECK(its->events[1].kind == drover::flight_event_kind::sent);
    CHECK(its->events[1].names == &job);
    CHECK(its->events[1].span == its->events[0].span);
    CHECK(its->events[1].at <= its->events[3].at);
    CHECK(its->events[3].at <= all.taken);
}

TEST_CASE("what was written over is counted") {
    drover::clear_flight_recorder();
    in_thread("busy", 100);
    const auto all = drover::read_flight_recorder();
    const auto* const its = named(all, "busy");
    REQUIRE(its != nullptr);
    CHECK(its->events.size() == 63);
    CHECK(its->overwritten == 200 - 63);
}

TEST_CASE("the rings of the last threads that have ended are kept, older ones are used again") {
    drover::clear_flight_recorder();
    constexpr std::size_t most = drover::detail::flight_lanes::most_ended;
    for (std::size_t each = 0; each != 3 * most; ++each) {
        in_thread(("t" + std::to_string(each)).c_str(), 1);
    }
    const auto all = drover::read_flight_recorder();
    CHECK(named(all, "t0") == nullptr);
    for (std::size_t each = 2 * most + 1; each != 3 * most; ++each) {
        CHECK(named(all, "t" + std::to_string(each)) != nullptr);
    }
    CHECK(std::count_if(all.threads.begin(), all.threads.end(), [](const auto& each) { return each.ended; }) ==
          static_cast<std::ptrdiff_t>(most));
}

TEST_CASE("a thread that lives is read by its name of now, and its number is its own") {
    drover::clear_flight_recorder();
    std::thread([] {
        send();
        ::pthread_setname_np(::pthread_self(), "first name");
        CHECK(named(drover::read_flight_recorder(), "first name") != nullptr);
        ::pthread_setname_np(::pthread_self(), "second name");
        const auto all = drover::read_flight_recorder();
        REQUIRE(named(all, "second name") != nullptr);
        CHECK_FALSE(named(all, "second name")->ended);
        CHECK(named(all, "first name") == nullptr);
    }).join();
    in_thread("another", 1);
    const auto all = drover::read_flight_recorder();
    REQUIRE(named(all, "another") != nullptr);
    REQUIRE(named(all, "second name") != nullptr);
    CHECK(named(all, "another")->number > named(all, "second name")->number);
}

TEST_CASE("what has been forgotten is not read") {
    in_thread("forgotten", 1);
    drover::clear_flight_recorder();
    CHECK(drover::read_flight_recorder().threads.empty());
}

TEST_CASE("times are of the clock that was given, while it was") {
    drover::manual_clock clock;
    clock.advance(5s);
    in_thread("before", 1);
    {
        const drover::flight_clock given(clock);
        CHECK(drover::read_flight_recorder().threads.empty());
        in_thread("within", 1);
        clock.advance(2s);
        in_thread("later", 1);
        const auto all = drover::read_flight_recorder();
        REQUIRE(named(all, "within") != nullptr);
        REQUIRE(named(all, "later") != nullptr);
        CHECK(named(all, "within")->events[1].at == 5s);
        CHECK(named(all, "later")->events[1].at == 7s);
        CHECK(all.taken == 7s);
    }
    CHECK(drover::read_flight_recorder().threads.empty());
    in_thread("after", 1);
    const auto all = drover::read_flight_recorder();
    REQUIRE(named(all, "after") != nullptr);
    CHECK(named(all, "after")->events[1].at != 7s);
    CHECK(all.taken >= named(all, "after")->events[1].at);
}
