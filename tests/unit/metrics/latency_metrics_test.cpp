#include <drover/metrics/latency_metrics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>
#include <drover/metrics/histogram.hpp>

#include "support/failing_new.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::dead_letter_reason;
using drover::histogram;
using drover::latency_metrics;
using drover::latency_part;

namespace {

constexpr drover::hook_subject who{drover::actor_id{1}, 2};
constexpr drover::hook_subject other{drover::actor_id{2}, 3};

// One thread of a runtime on a clock that stands still.
struct thread_of_clock {
    drover::manual_clock clock{};
    std::unique_ptr<latency_part> held = std::make_unique<latency_part>(clock);
    latency_part& part = *held;

    histogram processing(std::uint8_t label = 2) const { return read(label, &latency_part::times::processing); }
    histogram waits(std::uint8_t label = 2) const { return read(label, &latency_part::times::mailbox); }

    template <class M>
    typename M::stamp push(std::size_t place = 0, std::size_t of = 1) {
        typename M::stamp mark;
        M::on_stamp(part, who, place, mark);
        if (place + 1 == of) {
            M::on_enqueue(part, who, of);
        }
        return mark;
    }
    template <class M>
    void handle(const typename M::stamp& mark, clock_duration takes) {
        M::on_dequeue(part, who, mark);
        clock.advance(takes);
        M::on_handled(part, who, 1);
    }

private:
    histogram read(std::uint8_t label, drover::histogram_block latency_part::times::* which) const {
        histogram all;
        if (const auto* const its = part.of_actors[label].load()) {
            (its->*which).add_to(all);
        }
        return all;
    }
};

histogram of(std::initializer_list<clock_duration> values) {
    histogram made;
    for (const clock_duration each : values) {
        made.record(each);
    }
    return made;
}

}  // namespace

TEST_CASE("of each message the wait and of each handler the time, to the nanosecond") {
    using all = latency_metrics<1>;
    thread_of_clock t;
    t.clock.advance(5s);
    const auto first = t.push<all>();
    t.clock.advance(100ns);
    const auto second = t.push<all>();
    t.clock.advance(30ns);
    t.handle<all>(first, 7us);
    t.clock.advance(1ms);  // not chained: the clock does not run
    t.handle<all>(second, 3ns);
    CHECK(t.processing() == of({7us, 3ns}));
    CHECK(t.waits() == of({130ns, 30ns + 7us + 1ms}));
    CHECK(t.processing(3).count() == 0);
    CHECK(t.part.actors[2].handled.read() == 2);
    CHECK(t.part.actors[2].dequeued.read() == 2);
    CHECK(t.part.actors[2].enqueued.read() == 2);
}

TEST_CASE("one handler in so many is timed, the first one too, and one wait in so many") {
    using some = latency_metrics<4, 8>;
    thread_of_clock t;
    std::vector<clock_duration> timed;
    std::vector<std::size_t> stamped;
    for (std::size_t each = 0; each != 20; ++each) {
        const auto mark = t.push<some>();
        if (mark.pushed != 0) {
            stamped.push_back(each);
        }
        t.clock.advance(std::chrono::microseconds(each));
        t.handle<some>(mark, std::chrono::milliseconds(each + 1));
    }
    CHECK(t.processing() == of({1ms, 5ms, 9ms, 13ms, 17ms}));
    CHECK(stamped == std::vector<std::size_t>{0, 8, 16});
    CHECK(t.waits() == of({0us, 8us, 16us}));
}

TEST_CASE("of messages that come together those are stamped that would be if they came alone") {
    using some = latency_metrics<1, 4>;
    thread_of_clock t;
    static_cast<void>(t.push<some>());  // the 0th
    std::vector<bool> stamped;
    for (std::size_t place = 0; place != 8; ++place) {
        stamped.push_back(t.push<some>(place, 8).pushed != 0);
    }
    CHECK(stamped == std::vector<bool>{false, false, false, true, false, false, false, true});
    CHECK(t.push<some>().pushed == 0);  // the 9th
}

TEST_CASE("a stamp stays that a later push does not renew") {
    using some = latency_metrics<1, 2>;
    thread_of_clock t;
    auto mark = t.push<some>();
    const auto before = mark.pushed;
    CHECK(before != 0);
    t.clock.advance(1s);
    some::on_stamp(t.part, who, 0, mark);
    CHECK(mark.pushed == before);
    some::on_enqueue(t.part, who, 1);
    some::on_stamp(t.part, who, 0, mark);
    CHECK(mark.pushed == before + 1'000'000'000);
}

TEST_CASE("a batch is one observation, from the first of its messages on") {
    using all = latency_metrics<1>;
    thread_of_clock t;
    const auto mark = t.push<all>();
    t.clock.advance(10ns);
    all::on_dequeue(t.part, who, mark);
    all::on_dequeue(t.part, who, mark);
    all::on_dequeue(t.part, who, mark);
    all::on_batch(t.part, who, 3);
    t.clock.advance(9us);
    all::on_handled(t.part, who, 3);
    CHECK(t.processing() == of({9us}));
    CHECK(t.waits() == of({10ns, 10ns, 10ns}));
    CHECK(t.part.actors[2].handled.read() == 3);
}

TEST_CASE("a handler that throws, a message that nobody handles, and what goes on later are not timed") {
    using all = latency_metrics<1>;
    thread_of_clock t;
    const auto mark = t.push<all>();
    SECTION("a failure") {
        all::on_dequeue(t.part, who, mark);
        t.clock.advance(1ms);
        all::on_failure(t.part, who);
    }
    SECTION("unhandled") {
        all::on_dequeue(t.part, who, mark);
        t.clock.advance(1ms);
        all::on_dead_letter(t.part, who, dead_letter_reason::unhandled);
    }
    SECTION("a coroutine") {
        all::on_dequeue(t.part, who, mark);
        t.clock.advance(1ms);
        all::on_other(t.part);
        all::on_handled(t.part, who, 1);
    }
    SECTION("a worker without work") {
        all::on_dequeue(t.part, who, mark);
        all::on_idle(t.part);
        all::on_handled(t.part, who, 1);
    }
    CHECK(t.part.began == 0);
    CHECK(t.processing().count() == 0);
    CHECK(t.waits().count() == 1);
    t.handle<all>(mark, 2ms);
    CHECK(t.processing() == of({2ms}));
}

TEST_CASE("another dead letter in a handler does not keep that from being timed") {
    using all = latency_metrics<1>;
    thread_of_clock t;
    all::on_dequeue(t.part, who, t.push<all>());
    all::on_dead_letter(t.part, other, dead_letter_reason::stopped);
    t.clock.advance(1ms);
    all::on_handled(t.part, who, 1);
    CHECK(t.processing() == of({1ms}));
}

TEST_CASE("on a clock that runs handlers in a row share a reading, and only if all are timed") {
    const auto chained = std::make_unique<latency_part>(drover::steady_clock_source::instance());
    latency_metrics<1>::on_dequeue(*chained, who, {});
    const auto first = chained->began;
    CHECK(first != 0);
    latency_metrics<1>::on_handled(*chained, who, 1);
    const auto end = chained->began;
    CHECK(end != 0);
    latency_metrics<1>::on_dequeue(*chained, other, {});
    CHECK(chained->began == end);
    latency_metrics<1>::on_other(*chained);
    CHECK(chained->began == 0);
    latency_metrics<2>::on_dequeue(*chained, who, {});
    latency_metrics<2>::on_dequeue(*chained, who, {});
    latency_metrics<2>::on_handled(*chained, who, 1);
    CHECK(chained->began == 0);
}

TEST_CASE("without memory for a histogram a time is lost and a count is not") {
    using all = latency_metrics<1>;
    thread_of_clock t;
    const auto mark = t.push<all>();
    {
        const drover_test::failing_new none;
        t.handle<all>(mark, 1ms);
    }
    CHECK(t.part.of_actors[2].load() == nullptr);
    CHECK(t.part.actors[2].handled.read() == 1);
}

TEST_CASE("each message carries one time and no more") {
    STATIC_REQUIRE(sizeof(latency_metrics<>::stamp) == 8);
    STATIC_REQUIRE(drover::metrics_policy<latency_metrics<1, 64>>);
}
