#include <drover/actor.hpp>

#include <coroutine>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/death.hpp"

// What an ill-formed ask leaves behind must let the rest of its expression compile, whatever that is.
TEST_CASE("a refused ask goes on into any expression") {
    const drover::refused nothing;
    const drover::refused reply = nothing.get();
    const drover::refused outcome = nothing.result();
    const drover::refused later = nothing.get_for(drover::clock_duration(1));
    CHECK_FALSE(nothing.as_result() == later);
    const drover::detail::refused_awaiter waits;
    CHECK(waits.await_ready());
    waits.await_suspend(std::noop_coroutine());
    CHECK_FALSE(waits.await_resume() == later);
    CHECK_FALSE(reply == 3);
    CHECK_FALSE(outcome == later);
    nothing.then([](int) {});
    std::ostringstream text;
    text << nothing;
    CHECK(text.str().empty());
}

TEST_CASE("a refused ask that is run after all ends the process") {
    const drover_test::death end = drover_test::in_child([] {
        const int reply = drover::refused{};
        static_cast<void>(reply);
    });
    CHECK(end.signal == SIGABRT);
}
