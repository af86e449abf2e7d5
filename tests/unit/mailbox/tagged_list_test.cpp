#include <drover/mailbox/tagged_list.hpp>

#include <vector>

#include <catch2/catch.hpp>

// What is particular to this model; what every mailbox does is in conformance/mailbox_test.cpp.

using namespace drover;

namespace {

struct box {
    box() { tagged_list::start_idle(p, c); }
    tagged_list::producer_side p;
    tagged_list::consumer_side c;
    std::vector<message_node*> retired;

    push_result push(message_node& n) { return tagged_list::push_chain(p, &n, &n); }
    message_node* pop() {
        return tagged_list::pop(p, c, [this](message_node* n) { retired.push_back(n); });
    }
    bool mark_idle() {
        return tagged_list::try_mark_idle(p, c, [this](message_node* n) { retired.push_back(n); });
    }
    bool close() {
        return tagged_list::try_close(p, c, [this](message_node* n) { retired.push_back(n); });
    }
};

}  // namespace

TEST_CASE("a node is retired when the next one is popped, or when the mailbox goes idle") {
    box b;
    message_node nodes[2];
    CHECK(b.push(nodes[0]) == push_result::woke);
    CHECK(b.push(nodes[1]) == push_result::queued);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.retired.empty());
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.retired == std::vector<message_node*>{&nodes[0]});
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.retired == std::vector<message_node*>{&nodes[0], &nodes[1]});
}

TEST_CASE("take gives what so many pops would, as far as it is wanted, and retires none of it") {
    box b;
    message_node nodes[6];
    for (message_node& each : nodes) {
        b.push(each);
    }
    const auto all = [](const message_node*) { return true; };
    const auto before_the_last = [&](const message_node* n) { return n != &nodes[5]; };
    message_node* got[6] = {};
    CHECK(b.pop() == &nodes[0]);
    CHECK(tagged_list::take(b.c, got, 0, all) == 0);
    CHECK(tagged_list::take(b.c, got, 2, all) == 2);
    CHECK((got[0] == &nodes[1] && got[1] == &nodes[2] && got[2] == nullptr));
    CHECK(tagged_list::take(b.c, got, 6, before_the_last) == 2);
    CHECK((got[0] == &nodes[3] && got[1] == &nodes[4] && got[2] == nullptr));
    CHECK(b.retired.empty());
    CHECK(b.pop() == &nodes[5]);
    CHECK(b.retired == std::vector<message_node*>{&nodes[4]});  // those before were the caller's
    CHECK(tagged_list::take(b.c, got, 6, all) == 0);
    CHECK(b.mark_idle());
    CHECK(tagged_list::take(b.c, got, 6, all) == 0);
}

TEST_CASE("an idle mailbox holds no node") {
    box b;
    message_node node;
    b.push(node);
    b.pop();
    REQUIRE(b.mark_idle());
    CHECK(b.c.tail == &b.p.stub);
    CHECK((b.p.head.load() & ~tagged_list::marks) == reinterpret_cast<std::uintptr_t>(&b.p.stub));
    CHECK(b.p.stub.next.load() == nullptr);
}

TEST_CASE("a push between exchange and link hides what comes after it") {
    box b;
    message_node nodes[2];
    b.push(nodes[0]);
    CHECK(b.pop() == &nodes[0]);
    // The first half of a push, as another thread would be seen in the middle of it.
    const std::uintptr_t previous = b.p.head.exchange(reinterpret_cast<std::uintptr_t>(&nodes[1]));
    CHECK(previous == reinterpret_cast<std::uintptr_t>(&nodes[0]));
    CHECK(b.pop() == nullptr);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(tagged_list::count(b.p, b.c) == 0);
    CHECK(b.retired.empty());
    nodes[0].next.store(&nodes[1]);
    CHECK(tagged_list::count(b.p, b.c) == 1);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.retired == std::vector<message_node*>{&nodes[0]});
    CHECK(b.mark_idle());
}

TEST_CASE("a push that is in the middle on the stub is not lost by an attempt to go idle") {
    // A run that a signal started: the mailbox stands on its stub, without a mark.
    box b;
    CHECK(tagged_list::clear_idle(b.p));
    message_node node;
    const std::uintptr_t previous = b.p.head.exchange(reinterpret_cast<std::uintptr_t>(&node));
    CHECK(previous == reinterpret_cast<std::uintptr_t>(&b.p.stub));
    b.p.stub.next.store(&node);
    CHECK_FALSE(b.mark_idle());
    CHECK(b.p.stub.next.load() == &node);
    CHECK(b.pop() == &node);
    CHECK(b.mark_idle());
    CHECK(b.retired == std::vector<message_node*>{&node});
}
