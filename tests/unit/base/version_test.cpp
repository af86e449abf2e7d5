#include <drover/base/version.hpp>

#include <catch2/catch.hpp>

TEST_CASE("the version is one number in three forms") {
    STATIC_REQUIRE(DROVER_VERSION ==
                   drover::version.major * 10000 + drover::version.minor * 100 + drover::version.patch);
#if DROVER_VERSION < 100
    FAIL("the version is 0.1 at least");
#endif
}
