#include <drover/mailbox/concept.hpp>
#include <drover/mailbox/unbounded.hpp>

#include <catch2/catch.hpp>

namespace {

struct without_close : drover::unbounded_mailbox {
    template <class Retire>
    static bool try_close(producer_side&, consumer_side&, Retire) = delete;
};

struct may_throw : drover::unbounded_mailbox {
    static bool clear_idle(producer_side&) { return false; }
};

struct no_mailbox {};

}  // namespace

TEST_CASE("the mailbox concept wants every function, and none that throws") {
    STATIC_REQUIRE(drover::mailbox_policy<drover::unbounded_mailbox>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<without_close>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<may_throw>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<no_mailbox>);
    drover::message_node node;
    drover::detail::ignore_node{}(&node);
    CHECK(node.next.load() == nullptr);
}
