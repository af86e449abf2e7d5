#include <drover/scheduling/lane_list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

using namespace drover;
using drover_test::test_core;

TEST_CASE("sums are over present and past lanes") {
    test_core core;
    lane_list all(core);
    lane first(core, false);
    lane second(core, false);
    lane third(core, true);
    lane stranger(core, false);
    all.add(first);
    all.add(second);
    all.add(third);
    first.pushed.add(1);
    second.pushed.add(10);
    third.pushed.add(100);
    second.handled.add(2);
    second.returned.add(3);
    second.unsent[2].add(7);
    third.unsent[2].add(1);
    second.late_replies.add(4);
    second.asks_begun.add(5);
    second.asks_ended.add(6);
    second.timed_begun.add(8);
    second.timed_ended.add(9);
    CHECK(all.sum(&lane::pushed) == 111);
    all.remove(second);
    CHECK(all.sum(&lane::pushed) == 111);
    second.pushed.add(1000);  // nobody's any more
    CHECK(all.sum(&lane::pushed) == 111);
    all.remove(first);
    all.remove(third);
    CHECK(all.sum(&lane::pushed) == 111);
    CHECK(all.sum(&lane::handled) == 2);
    CHECK(all.sum(&lane::returned) == 3);
    CHECK(all.unsent()[2] == 8);
    CHECK(all.unsent()[0] == 0);
    CHECK(all.sum(&lane::late_replies) == 4);
    CHECK(all.sum(&lane::asks_begun) == 5);
    CHECK(all.sum(&lane::asks_ended) == 6);
    CHECK(all.sum(&lane::timed_begun) == 8);
    CHECK(all.sum(&lane::timed_ended) == 9);
    all.remove(stranger);  // was never there
    CHECK(all.sum(&lane::pushed) == 111);
}

TEST_CASE("senders_gone looks at every lane but the caller's") {
    test_core core;
    lane_list all(core);
    lane mine(core, false);
    lane other(core, false);
    all.add(mine);
    all.add(other);
    CHECK(all.senders_gone(nullptr));
    const send_bracket here(mine);
    CHECK(all.senders_gone(&mine));
    CHECK_FALSE(all.senders_gone(nullptr));
    const send_bracket there(other);
    CHECK_FALSE(all.senders_gone(&mine));
    all.remove(mine);
    all.remove(other);
}

TEST_CASE("the oldest reader is the one that came first, among those who read") {
    test_core core;
    lane_list all(core);
    lane first(core, false);
    lane second(core, false);
    const std::uint64_t nobody = ~std::uint64_t{0};
    CHECK(all.oldest_reader() == nobody);
    all.add(first);
    all.add(second);
    CHECK(all.oldest_reader() == nobody);
    first.reading.store(7);
    CHECK(all.oldest_reader() == 7);
    second.reading.store(5);
    CHECK(all.oldest_reader() == 5);
    all.remove(second);
    CHECK(all.oldest_reader() == 7);
    first.reading.store(0);
    CHECK(all.oldest_reader() == nobody);
    all.remove(first);
}

TEST_CASE("a place is of one lane at a time, small, and used again") {
    test_core core;
    lane_list all(core);
    std::vector<std::unique_ptr<lane>> lanes;
    const auto places = [&] {
        std::set<std::uint32_t> found;
        for (const auto& each : lanes) {
            found.insert(each->place);
        }
        return found;
    };
    for (std::size_t each = 0; each != 20; ++each) {
        lanes.push_back(std::make_unique<lane>(core, false));
        all.add(*lanes.back());
        CHECK(lanes.back()->place == each);
    }
    lane stranger(core, false);
    all.remove(stranger);  // was never there, so its place 0 is not given away
    for (int round = 0; round != 5; ++round) {
        for (const std::size_t gone : {0U, 7U, 3U, 12U}) {
            all.remove(*lanes[gone]);
            lanes.erase(lanes.begin() + static_cast<std::ptrdiff_t>(gone));
        }
        CHECK(places().size() == 16);
        while (lanes.size() != 20) {
            lanes.push_back(std::make_unique<lane>(core, false));
            all.add(*lanes.back());
        }
        CHECK(places().size() == 20);
        CHECK(*places().rbegin() == 19);
    }
    for (const auto& each : lanes) {
        all.remove(*each);
    }
}
