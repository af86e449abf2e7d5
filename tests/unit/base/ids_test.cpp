#include <drover/base/ids.hpp>

#include <catch2/catch.hpp>

TEST_CASE("an actor's id is a number, and 0 is nobody") {
    STATIC_REQUIRE(drover::to_integer(drover::actor_id::none) == 0);
    CHECK(drover::to_integer(drover::actor_id{42}) == 42);
    CHECK(drover::actor_id{1} < drover::actor_id{2});
}
