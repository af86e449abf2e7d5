#include <drover/base/overload.hpp>

#include <string>

#include <catch2/catch.hpp>

TEST_CASE("an overload calls the lambda that takes the argument") {
    int base = 10;
    drover::overload both{[&base](int x) { return base + x; }, [](const std::string& text) { return text + "!"; }};
    CHECK(both(1) == 11);
    CHECK(both("so") == "so!");
    base = 20;
    CHECK(both(1) == 21);
    STATIC_REQUIRE(sizeof(drover::overload{[](int) {}, [](char) {}}) == 1);
}
