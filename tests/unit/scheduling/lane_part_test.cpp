#include <drover/scheduling/lane_part.hpp>

#include <cstddef>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>
#include <drover/scheduling/lane_list.hpp>

#include "support/failing_new.hpp"
#include "support/test_core.hpp"

using drover::functions_of_part;
using drover::lane_part;

namespace {

int alive = 0;

struct counting {
    counting() { alive += 1; }
    counting(const counting&) = delete;
    ~counting() { alive -= 1; }
    void absorb(const counting& gone) noexcept { count += gone.count; }
    std::size_t count = 0;
};

struct clocked : counting {
    explicit clocked(const drover::clock_source& c) : clock(&c) {}
    const drover::clock_source* clock;
};

struct nothing {};

}  // namespace

TEST_CASE("a part is made, takes over another and is freed") {
    const drover::manual_clock clock;
    {
        lane_part part;
        lane_part gone;
        part.make(functions_of_part<counting>(), clock);
        gone.make(functions_of_part<counting>(), clock);
        CHECK(alive == 2);
        part.as<counting>().count = 1;
        gone.as<counting>().count = 20;
        part.absorb(gone);
        CHECK(part.as<counting>().count == 21);
        const lane_part none;
        part.absorb(none);
        CHECK(part.as<counting>().count == 21);
    }
    CHECK(alive == 0);
}

TEST_CASE("a part that wants it is given the runtime's clock") {
    const drover::manual_clock clock;
    lane_part part;
    part.make(functions_of_part<clocked>(), clock);
    CHECK(part.as<clocked>().clock == &clock);
}

TEST_CASE("an empty part is nothing that must be made, and one object") {
    const drover::manual_clock clock;
    CHECK(functions_of_part<nothing>() == nullptr);
    lane_part part;
    lane_part other;
    part.make(functions_of_part<nothing>(), clock);
    part.absorb(other);
    other.absorb(part);
    CHECK(&part.as<nothing>() == &other.as<nothing>());
}

TEST_CASE("without memory for its part no lane is added") {
    const drover::manual_clock clock;
    drover_test::test_core core;
    drover::lane_list all(core, functions_of_part<counting>(), &clock);
    drover::lane fresh(core, false);
    bool thrown = false;
    {
        const drover_test::failing_new none;
        try {
            all.add(fresh);
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
    }
    CHECK(thrown);
    int seen = 0;
    all.visit([&](const drover::lane&) { seen += 1; });
    CHECK(seen == 1);  // what stands for those that are gone
}

TEST_CASE("what a lane's part held stays when the lane goes") {
    const drover::manual_clock clock;
    drover_test::test_core core;
    {
        drover::lane_list all(core, functions_of_part<counting>(), &clock);
        drover::lane first(core, false);
        drover::lane second(core, false);
        all.add(first);
        all.add(second);
        first.part.as<counting>().count = 3;
        second.part.as<counting>().count = 40;
        const auto sum = [&] {
            std::size_t found = 0;
            all.visit([&](const drover::lane& each) { found += each.part.as<counting>().count; });
            return found;
        };
        CHECK(sum() == 43);
        all.remove(first);
        CHECK(sum() == 43);
        all.remove(second);
        CHECK(sum() == 43);
    }
    CHECK(alive == 0);
}
