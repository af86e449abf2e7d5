#include <drover/pool/parked_messages.hpp>

#include <array>
#include <vector>

#include <catch2/catch.hpp>

using drover::message_node;
using drover::parked_messages;

namespace {

std::vector<const message_node*> listed(const message_node* first) {
    std::vector<const message_node*> all;
    for (; first != nullptr; first = first->next.load()) {
        all.push_back(first);
    }
    return all;
}

using nodes = std::vector<const message_node*>;

}  // namespace

TEST_CASE("parked messages keep their order, and one wake stands for many") {
    std::array<message_node, 4> n;
    parked_messages all;
    CHECK_FALSE(all.add_behind(&n[0]).taken);  // behind nobody
    auto place = all.add(&n[0]);
    CHECK((place.taken && place.wake));
    place = all.add_behind(&n[1]);
    CHECK((place.taken && !place.wake));
    place = all.add(&n[2]);
    CHECK((place.taken && !place.wake));
    const auto taken = all.take();
    CHECK(listed(taken.first) == nodes{&n[0], &n[1], &n[2]});
    CHECK(taken.last == &n[2]);
    all.put_back({nullptr, nullptr});
    CHECK_FALSE(all.add_behind(&n[0]).taken);
    CHECK(listed(all.close()).empty());
}

TEST_CASE("parked messages: what comes while others are forwarded stays behind them") {
    std::array<message_node, 4> n;
    parked_messages all;
    all.add(&n[0]);
    all.add(&n[1]);
    all.heard();
    auto taken = all.take();
    const auto place = all.add_behind(&n[2]);
    CHECK((place.taken && place.wake));  // what it was told before has been seen
    taken.first = &n[1];                 // the first has gone to somebody
    all.put_back(taken);
    CHECK_FALSE(all.add(&n[3]).wake);
    taken = all.take();
    CHECK(listed(taken.first) == nodes{&n[1], &n[2], &n[3]});
    all.put_back(taken);
    CHECK_FALSE(all.add_behind(&n[0]).wake);  // taken without having been heard: the news are still under way
    CHECK(listed(all.close()) == nodes{&n[1], &n[2], &n[3], &n[0]});
}

TEST_CASE("parked messages: closed they take nothing") {
    std::array<message_node, 2> n;
    parked_messages all;
    all.add(&n[0]);
    CHECK(listed(all.close()) == nodes{&n[0]});
    CHECK_FALSE(all.add(&n[1]).taken);
    CHECK_FALSE(all.add_behind(&n[1]).taken);
    CHECK(all.take().first == nullptr);
    CHECK(all.close() == nullptr);
}
