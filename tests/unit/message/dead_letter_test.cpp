#include <drover/message/dead_letter.hpp>

#include <catch2/catch.hpp>

TEST_CASE("every dead-letter reason has a name") {
    using drover::dead_letter_reason;
    CHECK(to_string(dead_letter_reason::dropped) == "dropped");
    CHECK(to_string(dead_letter_reason::rejected) == "rejected");
    CHECK(to_string(dead_letter_reason::stopped) == "stopped");
    CHECK(to_string(dead_letter_reason::failed) == "failed");
    CHECK(to_string(dead_letter_reason::expired) == "expired");
    CHECK(to_string(dead_letter_reason::no_target) == "no_target");
    CHECK(to_string(dead_letter_reason::unhandled) == "unhandled");
    CHECK(to_string(static_cast<dead_letter_reason>(drover::dead_letter_reasons)) == "unknown");
    STATIC_REQUIRE(static_cast<std::size_t>(dead_letter_reason::unhandled) + 1 == drover::dead_letter_reasons);
}
