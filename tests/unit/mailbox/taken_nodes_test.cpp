#include <drover/mailbox/taken_nodes.hpp>

#include <cstddef>

#include <catch2/catch.hpp>

using drover::message_node;
using drover::tagged_list;
using drover::taken_nodes;

namespace {

// A push and what the consumer takes of it.
struct source {
    source() { tagged_list::start_scheduled(p, c); }
    void push(message_node& node) { tagged_list::push_chain(p, &node, &node); }
    tagged_list::chain take() { return tagged_list::take_all(p); }

    tagged_list::producer_side p;
    tagged_list::consumer_side c;
};

}  // namespace

TEST_CASE("taken nodes: nothing is in them at first, and appending nothing leaves it so") {
    taken_nodes nodes;
    CHECK(nodes.empty());
    CHECK(nodes.count() == 0);
    CHECK(nodes.pop() == nullptr);
    nodes.append(tagged_list::chain{});
    nodes.append(taken_nodes{});
    CHECK(nodes.empty());
    CHECK(nodes.pop() == nullptr);
}

TEST_CASE("taken nodes: chains and single nodes come out in the order they went in") {
    source from;
    message_node all[6];
    taken_nodes nodes;
    from.push(all[0]);
    from.push(all[1]);
    nodes.append(from.take());
    nodes.append(&all[2]);
    from.push(all[3]);
    nodes.append(from.take());
    nodes.append(from.take());
    taken_nodes more;
    more.append(&all[4]);
    more.append(&all[5]);
    nodes.append(more);
    CHECK(nodes.count() == 6);
    for (std::size_t each = 0; each != 6; ++each) {
        CHECK_FALSE(nodes.empty());
        CHECK(nodes.pop() == &all[each]);
        CHECK(nodes.count() == 5 - each);
    }
    CHECK(nodes.empty());
    CHECK(nodes.pop() == nullptr);
    nodes.append(&all[3]);
    CHECK(nodes.pop() == &all[3]);
    CHECK(nodes.empty());
}

TEST_CASE("taken nodes: a single node is appended without what it was linked to before") {
    message_node all[3];
    all[0].next.store(&all[2]);
    taken_nodes nodes;
    nodes.append(&all[0]);
    CHECK(nodes.count() == 1);
    all[1].next.store(&all[2]);
    nodes.append(&all[1]);
    CHECK(nodes.count() == 2);
    CHECK(nodes.pop() == &all[0]);
    CHECK(nodes.pop() == &all[1]);
    CHECK(nodes.pop() == nullptr);
}

TEST_CASE("taken nodes: nothing before a missing link is given until the link is there") {
    message_node all[3];
    all[1].next.store(&all[2]);
    taken_nodes nodes;
    nodes.append({&all[0], &all[2]});
    CHECK_FALSE(nodes.empty());
    CHECK(nodes.count() == 1);
    CHECK(nodes.pop() == nullptr);
    CHECK_FALSE(nodes.empty());
    all[0].next.store(&all[1]);
    CHECK(nodes.count() == 3);
    CHECK(nodes.pop() == &all[0]);
    CHECK(nodes.pop() == &all[1]);
    CHECK(nodes.pop() == &all[2]);
    CHECK(nodes.empty());
}

TEST_CASE("taken nodes: a chain may be appended behind one that lacks a link") {
    message_node all[3];
    taken_nodes nodes;
    nodes.append({&all[0], &all[1]});
    nodes.append(&all[2]);
    CHECK(nodes.pop() == nullptr);
    all[0].next.store(&all[1]);
    for (message_node& each : all) {
        CHECK(nodes.pop() == &each);
    }
    CHECK(nodes.empty());
}

TEST_CASE("taken nodes: what is not wanted stays the oldest") {
    message_node all[2];
    taken_nodes nodes;
    nodes.append(&all[0]);
    nodes.append(&all[1]);
    const message_node* asked = nullptr;
    const auto not_now = [&](const message_node* node) noexcept {
        asked = node;
        return false;
    };
    CHECK(nodes.pop(not_now) == nullptr);
    CHECK(asked == &all[0]);
    CHECK(nodes.count() == 2);
    CHECK(nodes.pop() == &all[0]);
    CHECK(nodes.pop(not_now) == nullptr);
    CHECK(asked == &all[1]);
    CHECK(nodes.pop() == &all[1]);
    asked = nullptr;
    CHECK(nodes.pop(not_now) == nullptr);
    CHECK(asked == nullptr);
}
