#include <drover/scheduling/retired.hpp>

#include <array>
#include <cstddef>
#include <vector>

#include <catch2/catch.hpp>

using namespace drover;

namespace {

struct thing : retired {
    thing() : retired([](retired* self) noexcept { static_cast<thing*>(self)->freed += 1; }) {}
    int freed = 0;
};

constexpr auto nobody = [] { return ~std::uint64_t{0}; };

}  // namespace

TEST_CASE("each retirement begins an epoch") {
    retired_list list;
    std::array<thing, 2> things;
    const std::uint64_t first = list.epoch();
    CHECK(first != retired_list::not_reading);
    list.retire(things[0], nobody);
    list.retire(things[1], nobody);
    CHECK(things[0].last_epoch == first);
    CHECK(things[1].last_epoch == first + 1);
    CHECK(list.epoch() == first + 2);
    list.free_all();
}

TEST_CASE("what was retired before the oldest reader came is freed, and nothing else") {
    retired_list list;
    std::array<thing, 3> things;
    std::array<std::uint64_t, 3> epochs{};
    for (std::size_t each = 0; each != 3; ++each) {
        epochs[each] = list.epoch();
        list.retire(things[each], nobody);
    }
    CHECK_FALSE(list.reclaim([&] { return epochs[1]; }));  // a reader of that epoch may have found the second
    CHECK(things[0].freed == 1);
    CHECK(things[1].freed == 0);
    CHECK(things[2].freed == 0);
    CHECK(list.reclaim(nobody));
    CHECK(things[0].freed == 1);
    CHECK(things[1].freed == 1);
    CHECK(things[2].freed == 1);
    CHECK(list.reclaim(nobody));
}

TEST_CASE("retiring looks at the readers once a batch and frees what it can") {
    retired_list list;
    std::vector<thing> things(4 * retired_list::batch);
    std::size_t looks = 0;
    for (thing& each : things) {
        list.retire(each, [&] {
            looks += 1;
            return ~std::uint64_t{0};
        });
    }
    CHECK(looks == 4);
    for (const thing& each : things) {
        CHECK(each.freed == 1);
    }
}

TEST_CASE("a reader who stays does not make each retirement look again") {
    retired_list list;
    std::vector<thing> things(10 * retired_list::batch);
    const std::uint64_t reader = list.epoch();
    std::size_t looks = 0;
    for (thing& each : things) {
        list.retire(each, [&] {
            looks += 1;
            return reader;
        });
    }
    CHECK(looks == 10);
    CHECK(things.front().freed == 0);
    list.free_all();
    CHECK(things.back().freed == 1);
}
