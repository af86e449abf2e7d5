#include <drover/batching/policies.hpp>

#include <chrono>

#include <catch2/catch.hpp>

namespace {

struct first_message {};
struct second_message {};
struct other_message {};

struct without_enough {
    [[maybe_unused]] static constexpr std::size_t most = 8;
    [[maybe_unused]] static constexpr drover::clock_duration patience{};
};

}  // namespace

TEST_CASE("batching policies: `of` holds just the types that stand there") {
    using one = drover::of<first_message>;
    using two = drover::of<first_message, second_message>;
    STATIC_REQUIRE(one::holds<first_message>);
    STATIC_REQUIRE_FALSE(one::holds<second_message>);
    STATIC_REQUIRE(two::holds<first_message>);
    STATIC_REQUIRE(two::holds<second_message>);
    STATIC_REQUIRE_FALSE(two::holds<other_message>);
    STATIC_REQUIRE_FALSE(two::holds<const first_message>);
    STATIC_REQUIRE_FALSE(drover::of<>::holds<first_message>);
}

TEST_CASE("batching policies: one_at_a_time and up_to never wait for more") {
    STATIC_REQUIRE(drover::one_at_a_time::most == 1);
    STATIC_REQUIRE(drover::one_at_a_time::enough == 1);
    STATIC_REQUIRE(drover::one_at_a_time::patience == drover::clock_duration::zero());
    STATIC_REQUIRE(drover::up_to<1>::most == 1);
    STATIC_REQUIRE(drover::up_to<65536>::most == 65536);
    STATIC_REQUIRE(drover::up_to<65536>::enough == 1);
    STATIC_REQUIRE(drover::up_to<65536>::patience == drover::clock_duration::zero());
}

TEST_CASE("batching policies: linger waits for as many as its batch holds, and for microseconds") {
    STATIC_REQUIRE(drover::linger<2, 1>::most == 2);
    STATIC_REQUIRE(drover::linger<2, 1>::enough == 2);
    STATIC_REQUIRE(drover::linger<2, 1>::patience == std::chrono::microseconds(1));
    STATIC_REQUIRE(drover::linger<65536, 2000>::most == 65536);
    STATIC_REQUIRE(drover::linger<65536, 2000>::enough == 65536);
    STATIC_REQUIRE(drover::linger<65536, 2000>::patience == std::chrono::milliseconds(2));
}

TEST_CASE("batching policies: a policy needs most, enough and patience") {
    STATIC_REQUIRE(drover::batching_policy<drover::one_at_a_time>);
    STATIC_REQUIRE(drover::batching_policy<drover::up_to<3>>);
    STATIC_REQUIRE(drover::batching_policy<drover::linger<3, 4>>);
    STATIC_REQUIRE_FALSE(drover::batching_policy<without_enough>);
    STATIC_REQUIRE_FALSE(drover::batching_policy<drover::of<first_message>>);
}

TEST_CASE("batching policies: an outbox has its size, and none is 0") {
    STATIC_REQUIRE(drover::outbox<0>::size == 0);
    STATIC_REQUIRE(drover::outbox<2>::size == 2);
    STATIC_REQUIRE(drover::outbox<65536>::size == 65536);
}
