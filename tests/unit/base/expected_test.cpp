#include <drover/base/expected.hpp>

#include <string>

#include <catch2/catch.hpp>

TEST_CASE("expected is used by bool, value and error") {
    const drover::expected<int, std::string> good = 7;
    const drover::expected<int, std::string> bad = drover::unexpected<std::string>("no");
    REQUIRE(static_cast<bool>(good));
    CHECK(good.value() == 7);
    REQUIRE_FALSE(static_cast<bool>(bad));
    CHECK(bad.error() == "no");

    const drover::expected<void, int> done;
    const drover::expected<void, int> failed = drover::unexpected<int>(3);
    CHECK(static_cast<bool>(done));
    CHECK(failed.error() == 3);
}
