#include <drover/supervision/supervision.hpp>

#include <chrono>
#include <stdexcept>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using drover::directive;
using drover::supervision;

TEST_CASE("a plan says by default: restart, five times in sixty seconds, at once, and then stop") {
    constexpr supervision plan{};
    CHECK_FALSE(plan.on_failure.has_value());
    CHECK(plan.limit.count == 5);
    CHECK(plan.limit.within == 60s);
    CHECK(plan.beyond == directive::stop);
    CHECK(plan.backoff.first == 0s);
    CHECK_NOTHROW(check(plan));
}

TEST_CASE("a number out of its range is refused in one sentence") {
    CHECK_THROWS_WITH(check(supervision{.limit = {.count = 65537}}), Contains("limit.count is 65537; use 0 to 65536"));
    CHECK_THROWS_WITH(check(supervision{.limit = {.within = 0s}}), Contains("limit.within is 0 ns"));
    CHECK_THROWS_WITH(check(supervision{.beyond = directive::resume}),
                      Contains("beyond is resume; use stop, escalate or restart"));
    CHECK_THROWS_WITH(check(supervision{.backoff = {.first = -1ns}}), Contains("backoff goes from -1"));
    CHECK_THROWS_WITH(check(supervision{.backoff = {.first = 2s, .most = 1s}}), Contains("the larger one last"));
    CHECK_THROWS_WITH(check(supervision{.backoff = {.factor = 0.5}}), Contains("backoff.factor is 0.5"));
    CHECK_THROWS_WITH(check(supervision{.backoff = {.jitter = 1.5}}), Contains("backoff.jitter is 1.5"));
    CHECK_THROWS_WITH(check(supervision{.backoff = {.quiet = 0s}}), Contains("backoff.quiet is 0"));
}

TEST_CASE("directives have names") {
    CHECK(to_string(directive::resume) == "resume");
    CHECK(to_string(directive::restart) == "restart");
    CHECK(to_string(directive::stop) == "stop");
    CHECK(to_string(directive::escalate) == "escalate");
    CHECK(to_string(static_cast<directive>(99)) == "unknown");
}
