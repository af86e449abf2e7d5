#include <drover/mailbox/concept.hpp>
#include <drover/mailbox/unbounded.hpp>

#include <catch2/catch.hpp>

namespace {

struct without_close : drover::unbounded_mailbox {
    template <class Owner>
    static bool try_close(producer_side&, consumer_side&, extra&, const Owner&) = delete;
};

struct may_throw : drover::unbounded_mailbox {
    static bool quiet(const extra&) { return true; }
};

struct no_mailbox {};

}  // namespace

TEST_CASE("the mailbox concept wants every function, and none that throws") {
    STATIC_REQUIRE(drover::mailbox_policy<drover::unbounded_mailbox>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<without_close>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<may_throw>);
    STATIC_REQUIRE_FALSE(drover::mailbox_policy<no_mailbox>);
}

TEST_CASE("an owner that knows nothing answers for a mailbox without an actor") {
    const drover::detail::any_owner owner;
    drover::message_node node;
    owner.retire(&node);
    owner.fell_to_low_water();
    CHECK(owner.level(&node) == 0);
    CHECK_FALSE(owner.is_mark(&node));
    CHECK(node.next.load() == nullptr);
}
