#include <drover/base/clock.hpp>

#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

struct listener final : drover::clock_listener {
    explicit listener(drover::manual_clock& watched) : clock(watched) {}
    void time_moved() noexcept override { heard.push_back(clock.now().time_since_epoch()); }

    drover::manual_clock& clock;
    std::vector<drover::clock_duration> heard;
};

}  // namespace

TEST_CASE("a manual clock starts at 0 and moves only when turned") {
    drover::manual_clock clock;
    CHECK(clock.now().time_since_epoch() == 0ns);
    clock.advance(5ms);
    clock.advance(0ns);
    clock.advance(3ns);
    CHECK(clock.now().time_since_epoch() == 5ms + 3ns);
}

TEST_CASE("a manual clock tells its listeners, with the time already moved, until they detach") {
    drover::manual_clock clock;
    listener first(clock);
    listener second(clock);
    CHECK(clock.attach(first));
    CHECK(clock.attach(second));
    clock.advance(1s);
    clock.detach(first);
    clock.advance(1s);
    clock.detach(second);
    clock.advance(1s);
    CHECK(first.heard == std::vector<drover::clock_duration>{1s});
    CHECK(second.heard == std::vector<drover::clock_duration>{1s, 2s});
}

TEST_CASE("a manual clock does not go back") {
    drover::manual_clock clock;
    clock.advance(10ns);
    CHECK_THROWS_WITH(clock.advance(-1ns),
                      "drover: manual_clock::advance got -1 ns, but time only moves forward; pass 0 or more");
    CHECK_THROWS_AS(clock.advance(-1ns), std::invalid_argument);
    CHECK(clock.now().time_since_epoch() == 10ns);
}

TEST_CASE("the steady clock moves by itself and so takes no listeners") {
    drover::steady_clock_source& clock = drover::steady_clock_source::instance();
    CHECK(&clock == &drover::steady_clock_source::instance());
    const drover::time_point before = std::chrono::steady_clock::now();
    const drover::time_point now = clock.now();
    CHECK(before <= now);
    CHECK(now <= std::chrono::steady_clock::now());
    drover::manual_clock unused;
    listener nobody(unused);
    CHECK_FALSE(clock.attach(nobody));
    clock.detach(nobody);
    CHECK(nobody.heard.empty());
}

TEST_CASE("later_by stops at the end of time and does not go back") {
    using drover::later_by;
    using drover::time_point;
    constexpr time_point zero{};
    STATIC_REQUIRE(later_by(zero, 5ns) == zero + 5ns);
    STATIC_REQUIRE(later_by(zero + 5ns, 0ns) == zero + 5ns);
    STATIC_REQUIRE(later_by(zero + 5ns, -5ns) == zero + 5ns);
    STATIC_REQUIRE(later_by(zero, drover::clock_duration::min()) == zero);
    STATIC_REQUIRE(later_by(zero, drover::clock_duration::max()) == time_point::max());
    STATIC_REQUIRE(later_by(zero + 1ns, drover::clock_duration::max()) == time_point::max());
    STATIC_REQUIRE(later_by(time_point::max(), 0ns) == time_point::max());
    STATIC_REQUIRE(later_by(time_point::max() - 1ns, 1ns) == time_point::max());
    STATIC_REQUIRE(later_by(time_point::max() - 2ns, 1ns) == time_point::max() - 1ns);
    CHECK(later_by(time_point::max(), 1h) == time_point::max());
}
