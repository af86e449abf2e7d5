#include <drover/base/random.hpp>

#include <array>
#include <cstdint>

#include <catch2/catch.hpp>

TEST_CASE("random_source is splitmix64") {
    // The first numbers of the published reference implementation.
    drover::random_source zero(0);
    CHECK(zero.next() == 0xe220a8397b1dcdafU);
    CHECK(zero.next() == 0x6e789e6aa1b965f4U);
    CHECK(zero.next() == 0x06c45d188009454fU);
    drover::random_source other(1234567);
    CHECK(other.next() == 6457827717110365317U);
    CHECK(other.next() == 3203168211198807973U);
    STATIC_REQUIRE(drover::random_source(0).next() == 0xe220a8397b1dcdafU);
}

TEST_CASE("below stays below and reaches everything evenly") {
    drover::random_source source(7);
    std::array<int, 10> counts{};
    for (int each = 0; each != 100000; ++each) {
        const std::uint32_t number = source.below(10);
        REQUIRE(number < 10);
        counts[number] += 1;
    }
    for (const int each : counts) {
        CHECK(each > 9500);
        CHECK(each < 10500);
    }
    CHECK(source.below(1) == 0);
}
