#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include "../../../benches/latency/arrivals.hpp"

using namespace std::chrono_literals;
using benches::latency::achieved;
using benches::latency::arrivals;
using benches::latency::instant;
using benches::latency::observed;
using benches::latency::reached;
using benches::latency::send_as_due;

namespace {

constexpr instant start{1h};

// A sender, a clock that only a pause and a send move, and a receiver who is never late itself.
struct trial {
    arrivals plan{start, 1'000};
    instant time = start;
    std::vector<instant> sent{};
    observed seen{};

    template <class Delay>
    drover::histogram run(std::uint64_t count, Delay&& delay_of, std::uint64_t warm_up = 0) {
        return send_as_due(
            plan, count, [this] { return time; }, [this] { time += 10us; },
            [&, this](std::uint64_t number, instant due) {
                time += delay_of(number);
                sent.push_back(time);
                seen.handle(number, due, time, warm_up);
            });
    }
};

constexpr auto no_delay = [](std::uint64_t) { return 0ns; };

}  // namespace

TEST_CASE("messages are due at even distances from the start, whatever the rate") {
    REQUIRE(arrivals{start, 1'000}.due(0) == start);
    REQUIRE(arrivals{start, 1'000}.due(1'500) == start + 1'500ms);
    // A third of a second is no whole number of nanoseconds, and three of them are a second all the same.
    REQUIRE(arrivals{start, 3}.due(1) == start + 333'333'333ns);
    REQUIRE(arrivals{start, 3}.due(3'000'000'000) == start + 1'000'000'000s);
    REQUIRE(arrivals{start, 1'000'000'000}.due(1'999'999'999) == start + 1'999'999'999ns);
}

TEST_CASE("a message is not sent before it is due") {
    trial one;
    const auto late = one.run(5, no_delay);
    REQUIRE(one.sent == std::vector<instant>{start, start + 1ms, start + 2ms, start + 3ms, start + 4ms});
    REQUIRE(late.count() == 5);
    REQUIRE(late.sum_nanoseconds() == 0);
    REQUIRE(one.seen.latencies.sum_nanoseconds() == 0);
}

TEST_CASE("a stall of the sender shows in the latency of each message that became due meanwhile") {
    trial one;
    const auto late = one.run(1'000, [](std::uint64_t number) { return number == 100 ? 50ms : 0ms; });
    // The one that stalled waited 50 ms, the next 49 ms, and so on: 1 + 2 + … + 50 ms in all.
    REQUIRE(one.seen.latencies.count() == 1'000);
    REQUIRE(one.seen.latencies.sum_nanoseconds() == 1'275'000'000);
    REQUIRE(*one.seen.latencies.percentile(90) <= 1ns);
    REQUIRE(*one.seen.latencies.percentile(96) > 8ms);
    REQUIRE(*one.seen.latencies.percentile(100) > 48ms);
    // Number 100 itself was begun in time; those after it were not.
    REQUIRE(late.sum_nanoseconds() == 1'225'000'000);
    // They were sent at once, and the rest at the old instants.
    REQUIRE(one.sent[149] == start + 150ms);
    REQUIRE(one.sent[151] == start + 151ms);
    REQUIRE(one.sent.back() == start + 999ms);
    REQUIRE(reached(one.plan, achieved(one.plan, one.seen)));
}

TEST_CASE("a rate that the receiver cannot keep up with is not reached") {
    trial one;
    one.run(1'000, [](std::uint64_t) { return 2ms; });
    REQUIRE(achieved(one.plan, one.seen) == Approx(500));
    REQUIRE_FALSE(reached(one.plan, achieved(one.plan, one.seen)));
    REQUIRE(reached(one.plan, 990));
    REQUIRE_FALSE(reached(one.plan, 989));
}

TEST_CASE("nothing handled is a rate of 0, and a run that ends early has no more than was asked for") {
    REQUIRE(achieved({start, 1'000}, {}) == 0);
    trial one;
    one.run(1'000, no_delay);
    REQUIRE(achieved(one.plan, one.seen) == Approx(1'000));
}

TEST_CASE("what is handled to warm up is counted as handled and not as latency") {
    trial one;
    one.run(10, [](std::uint64_t number) { return number == 0 ? 500us : 0us; }, 4);
    REQUIRE(one.seen.handled == 10);
    REQUIRE(one.seen.sum == 45);
    REQUIRE(one.seen.latencies.count() == 6);
    REQUIRE(one.seen.latencies.sum_nanoseconds() == 0);
}

TEST_CASE("what several receivers saw is added") {
    observed one;
    one.handle(3, start, start + 5ns, 0);
    observed other;
    other.handle(4, start, start + 7ns, 0);
    one += other;
    REQUIRE(one.handled == 2);
    REQUIRE(one.sum == 7);
    REQUIRE(one.last == start + 7ns);
    REQUIRE(one.latencies.count() == 2);
    REQUIRE(one.latencies.sum_nanoseconds() == 12);
}
