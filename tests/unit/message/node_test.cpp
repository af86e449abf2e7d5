#include <drover/message/node.hpp>

#include <catch2/catch.hpp>

TEST_CASE("a node is one link, at first to nowhere") {
    STATIC_REQUIRE(sizeof(drover::message_node) == sizeof(void*));
    const drover::message_node node;
    CHECK(node.next.load() == nullptr);
}
