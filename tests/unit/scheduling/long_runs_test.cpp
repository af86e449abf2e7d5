#include <drover/scheduling/long_runs.hpp>
#include <drover/scheduling/worker_group.hpp>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"
#include "support/wait.hpp"

using drover::long_runs;

namespace {

struct group final : drover::worker_group {
    using worker_group::worker_group;
};

}  // namespace

TEST_CASE("a worker with nothing to run next is of no interest, however long it runs") {
    drover_test::test_core core;
    group two(core, 2, nullptr);
    long_runs seen(2);
    two.at(1).runs.store(7);
    CHECK(seen.look(two.at(1)) == long_runs::state::nothing);
    CHECK(seen.look(two.at(1)) == long_runs::state::nothing);
}

TEST_CASE("a worker is stuck once the same run was seen for the limit") {
    drover_test::test_core core;
    group two(core, 2, nullptr);
    drover::runnable waiting(nullptr);
    drover::worker& other = two.at(1);
    long_runs seen(2);
    other.next.store(&waiting);
    for (std::uint64_t run = 1; run != 4; ++run) {
        other.runs.store(run);
        const auto begin = long_runs::clock::now();
        CHECK(seen.look(other) == long_runs::state::unsure);
        drover_test::wait_until([&] { return seen.look(other) == long_runs::state::stuck; });
        CHECK(long_runs::clock::now() - begin >= long_runs::limit);
        CHECK(seen.look(other) == long_runs::state::stuck);
    }
    other.next.store(nullptr);
    CHECK(seen.look(other) == long_runs::state::nothing);
}

TEST_CASE("an actor that another has taken the place of begins to wait anew, in the same run") {
    drover_test::test_core core;
    group two(core, 2, nullptr);
    drover::runnable first(nullptr);
    drover::runnable second(nullptr);
    drover::worker& other = two.at(1);
    long_runs seen(2);
    other.runs.store(1);
    other.next.store(&first);
    drover_test::wait_until([&] { return seen.look(other) == long_runs::state::stuck; });
    other.next.store(&second);
    const auto begin = long_runs::clock::now();
    CHECK(seen.look(other) == long_runs::state::unsure);
    drover_test::wait_until([&] { return seen.look(other) == long_runs::state::stuck; });
    CHECK(long_runs::clock::now() - begin >= long_runs::limit);
    other.next.store(nullptr);
}
