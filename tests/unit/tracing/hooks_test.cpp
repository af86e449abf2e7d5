#include <drover/tracing/hooks.hpp>

#include <type_traits>

#include <catch2/catch.hpp>

namespace {

struct stamping {
    struct stamp {
        drover::actor_id receiver{};
    };
    static void sent(stamp& s, drover::actor_id receiver) noexcept { s.receiver = receiver; }
    static void received(const stamp&, drover::actor_id) noexcept {}
};

struct without_stamp {
    static void sent(int&, drover::actor_id) noexcept {}
    static void received(const int&, drover::actor_id) noexcept {}
};

template <drover::tracing_policy T>
constexpr typename T::stamp travel() {
    typename T::stamp stamp{};
    T::sent(stamp, drover::actor_id{3});
    T::received(stamp, drover::actor_id{3});
    return stamp;
}

}  // namespace

TEST_CASE("by default a message carries nothing") {
    STATIC_REQUIRE(std::is_empty_v<drover::no_tracing::stamp>);
    STATIC_REQUIRE((travel<drover::no_tracing>(), true));
    travel<drover::no_tracing>();
}

TEST_CASE("an own policy has a stamp, filled by the sender") {
    STATIC_REQUIRE(drover::tracing_policy<stamping>);
    STATIC_REQUIRE_FALSE(drover::tracing_policy<without_stamp>);
    CHECK(travel<stamping>().receiver == drover::actor_id{3});
}
