#include <drover/tracing/hooks.hpp>

#include <type_traits>

#include <catch2/catch.hpp>

namespace {

constexpr drover::message_names names{"worker", "job"};

struct stamping : drover::no_tracing {
    struct stamp {
        drover::actor_id receiver{};
    };
    static constexpr void sent(stamp& s, drover::actor_id receiver, const drover::message_names&) noexcept {
        s.receiver = receiver;
    }
};

struct without_stamp : drover::no_tracing {
    using stamp = void;
};
struct lacks_a_class : stamping {
    struct handling {};
};

template <drover::tracing_policy T>
constexpr typename T::stamp travel() {
    typename T::stamp stamp{};
    T::sent(stamp, drover::actor_id{3}, names);
    T::due(stamp, drover::actor_id{3}, names);
    T::joined(stamp, drover::actor_id{3}, names);
    T::replied(stamp, names);
    T::keep(stamp);
    { [[maybe_unused]] const typename T::handling here(stamp, drover::actor_id{3}, names); }
    { [[maybe_unused]] const typename T::resuming here(stamp, typename T::stamp{}, drover::actor_id{3}, names); }
    { [[maybe_unused]] const typename T::acting here(typename T::stamp{}); }
    return stamp;
}

}  // namespace

TEST_CASE("by default a message carries nothing") {
    STATIC_REQUIRE(std::is_empty_v<drover::no_tracing::stamp>);
    STATIC_REQUIRE(std::is_empty_v<drover::no_tracing::handling>);
    STATIC_REQUIRE((travel<drover::no_tracing>(), true));
    travel<drover::no_tracing>();
}

TEST_CASE("an own policy hides what it wants of the empty one, and may have a stamp of its own") {
    STATIC_REQUIRE(drover::tracing_policy<stamping>);
    STATIC_REQUIRE_FALSE(drover::tracing_policy<without_stamp>);
    STATIC_REQUIRE_FALSE(drover::tracing_policy<lacks_a_class>);
    STATIC_REQUIRE(travel<stamping>().receiver == drover::actor_id{3});
    CHECK(travel<stamping>().receiver == drover::actor_id{3});
}
