#include <drover/base/cache_line.hpp>

#include <bit>
#include <new>

#include <catch2/catch.hpp>

TEST_CASE("a cache line is a power of two that holds a few words") {
    STATIC_REQUIRE(std::has_single_bit(drover::cache_line));
    STATIC_REQUIRE(drover::cache_line >= 8 * sizeof(void*));
}
