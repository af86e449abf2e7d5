#include <drover/actor/choices.hpp>

#include <concepts>
#include <cstddef>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

namespace {

struct item {
    int number;
};
struct other {};
struct urgent {
    static constexpr std::size_t priority = 2;
};

struct nothing_chosen {};

struct all_chosen {
    using mailbox = drover::bounded_mailbox<10>;
    using batches = drover::of<item, urgent>;
    using batching = drover::linger<8, 50>;
    using outbox = drover::outbox<16>;
    static std::size_t priority(const item& i) { return static_cast<std::size_t>(i.number); }
};
struct explicit_defaults {
    using mailbox = drover::unbounded_mailbox;
    using batching = drover::up_to<128>;
    using outbox = drover::outbox<0>;
};
struct lingers {
    using batching = drover::linger<8, 50>;
};
struct one_by_one {
    using batching = drover::one_at_a_time;
};
// What the actor says goes before what the message says.
struct reverses {
    static std::size_t priority(const urgent&) { return 0; }
};
// An enumeration says a priority too.
struct by_rank {
    enum rank : std::size_t { low = 0, high = 3 };
    static rank priority(const other&) { return high; }
};

struct own_policy {
    static constexpr std::size_t most = 5;
    static constexpr std::size_t enough = 2;
    static constexpr drover::clock_duration patience{};
};
struct has_own_policy {
    using batching = own_policy;
};

}  // namespace

TEST_CASE("choices: an actor that chooses nothing has the defaults") {
    STATIC_REQUIRE(std::same_as<drover::mailbox_of<nothing_chosen>, drover::unbounded_mailbox>);
    STATIC_REQUIRE(std::same_as<drover::batching_of<nothing_chosen>, drover::up_to<128>>);
    STATIC_REQUIRE(drover::has_plain_mailbox<nothing_chosen>);
    STATIC_REQUIRE_FALSE(drover::is_batched<nothing_chosen, item>);
    STATIC_REQUIRE_FALSE(drover::chooses_outbox<nothing_chosen>);
    STATIC_REQUIRE_FALSE(drover::prioritised<nothing_chosen, item>);
    CHECK(drover::priority_of<nothing_chosen>(item{7}) == 0);
}

TEST_CASE("choices: the defaults may be said") {
    STATIC_REQUIRE(drover::has_plain_mailbox<explicit_defaults>);
    STATIC_REQUIRE(std::same_as<drover::batching_of<explicit_defaults>, drover::batching_of<nothing_chosen>>);
    STATIC_REQUIRE(drover::chooses_outbox<explicit_defaults>);  // none is a choice
}

TEST_CASE("choices: an actor has what it chooses") {
    STATIC_REQUIRE(std::same_as<drover::mailbox_of<all_chosen>, drover::bounded_mailbox<10>>);
    STATIC_REQUIRE(std::same_as<drover::batching_of<all_chosen>, drover::linger<8, 50>>);
    STATIC_REQUIRE_FALSE(drover::has_plain_mailbox<all_chosen>);
    STATIC_REQUIRE(drover::is_batched<all_chosen, item>);
    STATIC_REQUIRE(drover::is_batched<all_chosen, urgent>);
    STATIC_REQUIRE_FALSE(drover::is_batched<all_chosen, other>);
    STATIC_REQUIRE(drover::chooses_outbox<all_chosen>);
    STATIC_REQUIRE(std::same_as<drover::batching_of<one_by_one>, drover::one_at_a_time>);
    STATIC_REQUIRE(drover::has_plain_mailbox<one_by_one>);
    STATIC_REQUIRE(drover::batching_of<has_own_policy>::most == 5);
}

TEST_CASE("choices: an actor that lingers has a mailbox that counts, without a limit") {
    using chosen = drover::mailbox_of<lingers>;
    STATIC_REQUIRE_FALSE(drover::has_plain_mailbox<lingers>);
    STATIC_REQUIRE(chosen::limited);
    STATIC_REQUIRE(chosen::capacity == drover::mailbox_limits::no_limit);
    CHECK(chosen::default_limits().high_water == drover::mailbox_limits::no_limit);
    CHECK(chosen::default_limits().low_water == 0);
}

TEST_CASE("choices: the actor says a priority, else the message does, else it is 0") {
    STATIC_REQUIRE(drover::prioritised<all_chosen, item>);
    STATIC_REQUIRE(drover::prioritised<all_chosen, urgent>);
    STATIC_REQUIRE_FALSE(drover::prioritised<all_chosen, other>);
    STATIC_REQUIRE(drover::prioritised<nothing_chosen, urgent>);
    CHECK(drover::priority_of<all_chosen>(item{3}) == 3);
    CHECK(drover::priority_of<all_chosen>(urgent{}) == 2);
    CHECK(drover::priority_of<all_chosen>(other{}) == 0);
    CHECK(drover::priority_of<nothing_chosen>(urgent{}) == 2);
    CHECK(drover::priority_of<reverses>(urgent{}) == 0);
    CHECK(drover::priority_of<by_rank>(other{}) == 3);
    CHECK(drover::priority_of<by_rank>(item{1}) == 0);
}
