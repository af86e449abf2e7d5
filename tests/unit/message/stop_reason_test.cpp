#include <drover/message/stop_reason.hpp>

#include <exception>
#include <stdexcept>

#include <catch2/catch.hpp>

using drover::stop_kind;
using drover::stop_reason;

TEST_CASE("every kind of stop has a name") {
    CHECK(to_string(stop_kind::stopped) == "stopped");
    CHECK(to_string(stop_kind::drained) == "drained");
    CHECK(to_string(stop_kind::parent_stopped) == "parent_stopped");
    CHECK(to_string(stop_kind::runtime_stopped) == "runtime_stopped");
    CHECK(to_string(stop_kind::failed) == "failed");
    CHECK(to_string(stop_kind::not_restartable) == "not_restartable");
    CHECK(to_string(static_cast<stop_kind>(99)) == "unknown");
}

TEST_CASE("a stop reason has a kind, and an exception only when it is a failure") {
    const stop_reason drained(stop_kind::drained);
    CHECK(drained.kind() == stop_kind::drained);
    CHECK(drained.exception() == nullptr);
    const stop_reason failed(std::make_exception_ptr(std::runtime_error("broken")));
    CHECK(failed.kind() == stop_kind::failed);
    REQUIRE(failed.exception() != nullptr);
    CHECK_THROWS_WITH(std::rethrow_exception(failed.exception()), "broken");
    const stop_reason other(stop_kind::not_restartable, failed.exception());
    CHECK(other.kind() == stop_kind::not_restartable);
    CHECK(other.exception() == failed.exception());
}
