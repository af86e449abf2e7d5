#include <drover/balancing/build_error.hpp>

#include <cmath>

#include <catch2/catch.hpp>
#include <drover/balancing/weights.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;

namespace {

std::string sentence_for(double weight) {
    member_list members({1, 1});
    members[1].weight = weight;
    return to_string(relative_weights(members).error());
}

}  // namespace

TEST_CASE("a build error says in one sentence what was wrong with whom, and what to do") {
    const std::string end = "; give it a finite one above 0, or 0 if it shall take no new messages";
    CHECK(sentence_for(-2.5) == "drover: the weight of member 1 (id 2) is -2.5" + end);
    CHECK(sentence_for(std::nan("")) == "drover: the weight of member 1 (id 2) is not a number" + end);
    CHECK(sentence_for(-HUGE_VAL) == "drover: the weight of member 1 (id 2) is minus infinity" + end);
    CHECK(sentence_for(HUGE_VAL) == "drover: the weight of member 1 (id 2) is infinite" + end);
    CHECK(to_string(build_error{.code = build_error::same_id, .index = 4, .id = 9, .name = "eu"}) ==
          "drover: member 4 \"eu\" (id 9) has the id of a member before it; give each an id of its own");
    CHECK(to_string(build_error{.code = build_error::no_load, .index = 4, .id = 9}) ==
          "drover: member 4 (id 9) has no load, and the policy compares loads; give it a member_load");
    CHECK(to_string(build_error{.code = build_error::no_latency, .index = 4, .id = 9}) ==
          "drover: member 4 (id 9) has no latency, and the policy compares latencies; give it a member_latency");
    CHECK(to_string(build_error{.code = build_error::missing_slot, .index = 4, .id = 9}) ==
          "drover: member 4 (id 9) has no slot, and the policy looks for idle members; give it one");
    CHECK(to_string(build_error{.code = build_error::slot_beyond, .index = 4, .id = 9, .slot = 64, .most = 64}) ==
          "drover: the slot of member 4 (id 9) is 64, and the pool has 64; give it a lower one, or the policy more "
          "most_slots");
    CHECK(to_string(build_error{.code = build_error::same_slot, .index = 4, .id = 9, .slot = 7}) ==
          "drover: member 4 (id 9) has slot 7, as a member before it has; give each a slot of its own");
    CHECK(to_string(build_error{.code = build_error::too_many_members, .most = 10, .given = 11}) ==
          "drover: a pool of 11 members is too large for its policy; have 10 at most");
}
