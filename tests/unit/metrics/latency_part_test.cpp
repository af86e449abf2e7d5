#include <drover/metrics/latency_part.hpp>

#include <chrono>
#include <memory>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>
#include <drover/metrics/histogram.hpp>

#include "support/failing_new.hpp"

using namespace std::chrono_literals;
using drover::histogram;
using drover::latency_part;

namespace {

histogram processing_in(const latency_part& part, std::uint8_t label) {
    histogram all;
    part.of_actors[label].load()->processing.add_to(all);
    return all;
}

}  // namespace

TEST_CASE("histograms of a type are made by its first time") {
    drover::manual_clock clock;
    const auto part = std::make_unique<latency_part>(clock);
    CHECK(part->of_actors[4].load() == nullptr);
    auto* const its = part->of(4);
    CHECK(part->of(4) == its);
    CHECK(part->of_actors[4].load() == its);
    CHECK(part->of_actors[5].load() == nullptr);
}

TEST_CASE("a thread that has ended leaves its times and its counts") {
    drover::manual_clock clock;
    const auto sum = std::make_unique<latency_part>(clock);
    const auto gone = std::make_unique<latency_part>(clock);
    sum->of(4)->processing.record(1ms);
    gone->of(4)->processing.record(2ms);
    gone->of(4)->mailbox.record(3ms);
    gone->of(255)->processing.record(4ms);
    gone->actors[4].handled.add(3);
    sum->absorb(*gone);
    histogram expected;
    expected.record(1ms);
    expected.record(2ms);
    CHECK(processing_in(*sum, 4) == expected);
    histogram waits;
    sum->of(4)->mailbox.add_to(waits);
    CHECK(waits.count() == 1);
    CHECK(processing_in(*sum, 255).count() == 1);
    CHECK(sum->of_actors[0].load() == nullptr);
    CHECK(sum->actors[4].handled.read() == 3);
}

TEST_CASE("without memory times are lost, and counts are taken over all the same") {
    drover::manual_clock clock;
    const auto sum = std::make_unique<latency_part>(clock);
    const auto gone = std::make_unique<latency_part>(clock);
    gone->of(4)->processing.record(2ms);
    gone->actors[4].handled.add(3);
    {
        const drover_test::failing_new none;
        sum->absorb(*gone);
    }
    CHECK(sum->of_actors[4].load() == nullptr);
    CHECK(sum->actors[4].handled.read() == 3);
}
