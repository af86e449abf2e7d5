#include <drover/mailbox/overflow.hpp>

#include <chrono>

#include <catch2/catch.hpp>

using drover::overflow;
using drover::to_string;

TEST_CASE("overflow: each kind is called by its name") {
    CHECK(to_string(overflow::reject_newest) == "reject_newest");
    CHECK(to_string(overflow::drop_newest) == "drop_newest");
    CHECK(to_string(overflow::drop_oldest) == "drop_oldest");
    CHECK(to_string(overflow::block_sender) == "block_sender");
    CHECK(to_string(overflow::fail_actor) == "fail_actor");
    CHECK(to_string(static_cast<overflow>(200)) == "unknown");
    STATIC_REQUIRE(to_string(overflow::drop_oldest) == "drop_oldest");
}

TEST_CASE("overflow: each policy says its kind, and only block_sender has patience") {
    STATIC_REQUIRE(drover::reject_newest::kind == overflow::reject_newest);
    STATIC_REQUIRE(drover::drop_newest::kind == overflow::drop_newest);
    STATIC_REQUIRE(drover::drop_oldest::kind == overflow::drop_oldest);
    STATIC_REQUIRE(drover::block_sender<>::kind == overflow::block_sender);
    STATIC_REQUIRE(drover::fail_actor::kind == overflow::fail_actor);
    STATIC_REQUIRE(drover::reject_newest::patience == drover::clock_duration::zero());
    STATIC_REQUIRE(drover::drop_newest::patience == drover::clock_duration::zero());
    STATIC_REQUIRE(drover::drop_oldest::patience == drover::clock_duration::zero());
    STATIC_REQUIRE(drover::fail_actor::patience == drover::clock_duration::zero());
    STATIC_REQUIRE(drover::block_sender<>::patience == std::chrono::seconds(1));
    STATIC_REQUIRE(drover::block_sender<7>::patience == std::chrono::milliseconds(7));
}

namespace {

struct without_patience {
    static constexpr overflow kind = overflow::reject_newest;
};

struct without_kind {
    [[maybe_unused]] static constexpr drover::clock_duration patience{};
};

}  // namespace

TEST_CASE("overflow: a policy needs a kind and a patience") {
    STATIC_REQUIRE(drover::overflow_policy<drover::block_sender<7>>);
    STATIC_REQUIRE_FALSE(drover::overflow_policy<without_patience>);
    STATIC_REQUIRE_FALSE(drover::overflow_policy<without_kind>);
    STATIC_REQUIRE_FALSE(drover::overflow_policy<int>);
}
