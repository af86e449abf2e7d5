#include <drover/balancing/member_seats.hpp>

#include <cstdint>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

using namespace drover;

namespace {

std::vector<member_info> with_ids(const std::vector<std::uint64_t>& ids) {
    std::vector<member_info> members;
    for (const std::uint64_t each : ids) {
        members.push_back({.id = each});
    }
    return members;
}

}  // namespace

TEST_CASE("a member has its seat for good, wherever it stands in the list") {
    member_seats seats(255);
    const seat_index first = seats.build(with_ids({70, 80, 90})).value();
    const std::uint32_t of_80 = first.seat_of(1);
    CHECK(first.member_at(of_80) == 1);
    CHECK(first.member_at(0) == no_member);
    CHECK(first.member_at(200) == no_member);
    const seat_index second = seats.build(with_ids({90, 60, 70})).value();
    CHECK(second.member_at(of_80) == no_member);
    CHECK_FALSE(second.later(of_80));
    CHECK(second.member_at(first.seat_of(0)) == 2);
    CHECK(second.member_at(first.seat_of(2)) == 0);
    const std::uint32_t of_60 = second.seat_of(1);
    CHECK(first.member_at(of_60) == no_member);
    CHECK(first.later(of_60));
    const seat_index third = seats.build(with_ids({80})).value();
    CHECK(third.seat_of(0) == of_80);
    CHECK(seats.build({}).value().member_at(of_80) == no_member);
}

TEST_CASE("seats go round, and none is had twice") {
    member_seats seats(4095);
    std::vector<std::uint64_t> ids{1, 2, 3, 4};
    const std::uint32_t first = seats.build(with_ids(ids)).value().seat_of(0);
    std::set<std::uint32_t> met;
    for (std::uint64_t id = 5; id != 10'000; ++id) {
        ids[1 + id % 3] = id;
        const seat_index table = seats.build(with_ids(ids)).value();
        REQUIRE(table.seat_of(0) == first);
        const std::uint32_t newest = table.seat_of(static_cast<member_index>(1 + id % 3));
        for (member_index each = 0; each != 4; ++each) {
            REQUIRE(table.member_at(table.seat_of(each)) == each);
            REQUIRE((table.seat_of(each) >= 1 && table.seat_of(each) <= 4095));
        }
        REQUIRE_FALSE(table.later(newest));
        REQUIRE(table.later(newest % 4095 + 1));
        met.insert(newest);
    }
    CHECK(met.size() == 4095 - 1);  // all but that of the one who stays
}

TEST_CASE("members of one id are refused, and do no harm to the next list") {
    member_seats seats(255);
    const auto built = seats.build(with_ids({5, 6, 5}));
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::same_id);
    CHECK(built.error().index == 2);
    CHECK(seats.build(with_ids({5, 6, 7})));
}
