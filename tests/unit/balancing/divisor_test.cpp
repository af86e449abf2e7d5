#include <drover/balancing/divisor.hpp>

#include <cstdint>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

TEST_CASE("divisor gives the remainder of every division") {
    constexpr std::uint64_t greatest = ~std::uint64_t{0};
    drover::random_source random(3);
    std::uint64_t wrong = 0;
    for (int each = 0; each != 20'000; ++each) {
        const std::uint64_t number = (random.next() >> random.below(64)) | (each % 64 == 0 ? 0 : 1);
        if (number == 0) continue;
        const drover::divisor by(number);
        const std::uint64_t multiple = greatest / number * number;
        for (const std::uint64_t dividend : {random.next(), std::uint64_t{0}, number - 1, number, greatest, multiple,
                                             multiple - 1, random.next() >> 32U}) {
            wrong += by.remainder(dividend) != dividend % number ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
    for (std::uint64_t power = 1; power != 0; power <<= 1U) {
        CHECK(drover::divisor(power).remainder(greatest) == power - 1);
    }
    STATIC_REQUIRE(drover::divisor(1).remainder(12345) == 0);
    STATIC_REQUIRE(drover::divisor(greatest).remainder(greatest) == 0);
}
