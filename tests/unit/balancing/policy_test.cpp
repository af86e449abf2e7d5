#include <drover/balancing/policy.hpp>

#include <catch2/catch.hpp>

using namespace drover;

namespace {

// The first member, always.
struct first_only {
    using options = no_options;
    using state = keeps_nothing;
    using local = keeps_nothing;
    static constexpr signals needs = signals::none;
    struct table {
        member_index first;
    };
    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        return table{members.empty() ? no_member : 0};
    }
    static member_index pick(const table& from, state&, local&, pick_key) noexcept { return from.first; }
};

struct may_throw : first_only {
    static member_index pick(const table& from, state&, local&, pick_key) { return from.first; }
};

struct without_needs : first_only {
    void needs();
};

struct with_another_state : first_only {
    struct state {};
    static expected<table, build_error> build(std::span<const member_info>, state&) { return table{0}; }
    static member_index pick(const table& from, state&, local&, pick_key) noexcept { return from.first; }
};

}  // namespace

TEST_CASE("a balancing policy is what has the parts and does not throw in a pick") {
    STATIC_REQUIRE(balancing_policy<first_only>);
    STATIC_REQUIRE_FALSE(balancing_policy<may_throw>);
    STATIC_REQUIRE_FALSE(balancing_policy<without_needs>);
    STATIC_REQUIRE_FALSE(balancing_policy<with_another_state>);
    STATIC_REQUIRE_FALSE(balancing_policy<int>);
}

TEST_CASE("signals are a set") {
    STATIC_REQUIRE(includes(signals::depth | signals::key, signals::key));
    const signals all[] = {signals::depth, signals::latency, signals::key, signals::idle};
    for (const signals one : all) {
        for (const signals other : all) {
            const signals both = one | other;
            CHECK(includes(both, one));
            CHECK(includes(both, both));
            CHECK(includes(both, signals::none));
            CHECK(includes(one, other) == (one == other));
            CHECK(includes(one, both) == (one == other));
            CHECK_FALSE(includes(signals::none, both));
        }
    }
}
