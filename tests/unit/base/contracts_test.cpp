#include <drover/base/contracts.hpp>

#include <csignal>

#include <catch2/catch.hpp>

#include "support/death.hpp"

TEST_CASE("a broken contract ends the process with one sentence") {
    const drover_test::death end = drover_test::in_child([] { drover::fail_contract("the moon is out"); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.said == "drover: the moon is out\n");
}
