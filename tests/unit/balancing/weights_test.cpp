#include <drover/balancing/weights.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;

TEST_CASE("relative weights keep their ratios, whatever the unit") {
    CHECK(relative_weights(member_list({5, 1, 0})).value() == std::vector<double>{5.0 / 8, 1.0 / 8, 0});
    const double tiny = std::numeric_limits<double>::denorm_min();
    CHECK(relative_weights(member_list({2 * tiny, tiny})).value() == std::vector<double>{0.5, 0.25});
    const auto wide = relative_weights(member_list({std::numeric_limits<double>::max(), tiny})).value();
    CHECK(wide[0] < 1);
    CHECK(wide[1] > 0);
}

TEST_CASE("an unknown weight is the mean of the known ones that are not 0") {
    member_list members({3, 0, 1});
    members.add(std::nullopt);
    CHECK(relative_weights(members).value() == std::vector<double>{0.75, 0, 0.25, 0.5});
    member_list unknown;
    unknown.add(std::nullopt);
    unknown.add(std::nullopt);
    CHECK(relative_weights(unknown).value() == std::vector<double>{1, 1});
    unknown.add(0);
    CHECK(relative_weights(unknown).value() == std::vector<double>{1, 1, 0});
    member_list large({std::numeric_limits<double>::max(), std::numeric_limits<double>::max()});
    large.add(std::nullopt);
    CHECK(relative_weights(large).value()[2] == relative_weights(large).value()[0]);
}

TEST_CASE("takers are those of a weight that is not 0, or no_member alone") {
    CHECK(takers({1, 0, 2}) == std::vector<member_index>{0, 2});
    CHECK(takers({0}) == std::vector<member_index>{no_member});
    CHECK(takers({}) == std::vector<member_index>{no_member});
}
