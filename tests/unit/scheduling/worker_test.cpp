#include <drover/scheduling/worker.hpp>
#include <drover/scheduling/worker_group.hpp>

#include <memory>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

using namespace drover;

TEST_CASE("a worker is a lane that never says it sends") {
    drover_test::test_core core;
    struct group final : worker_group {
        using worker_group::worker_group;
    };
    group two(core, 2, nullptr);
    CHECK(two.size() == 2);
    CHECK(two.at(1).index == 1);
    CHECK(&two.at(1).group == &two);
    CHECK(static_cast<const lane&>(two.at(1)).worker);
    CHECK(two.at(0).random.next() != two.at(1).random.next());
}

TEST_CASE("outside_scope leaves the runtime for as long as it lives") {
    biased_lock lock;
    lock.enter();
    {
        const outside_scope outer(lock);
        CHECK_FALSE(lock.held());
        {
            const outside_scope nested(lock);
            CHECK_FALSE(lock.held());
        }
        CHECK_FALSE(lock.held());
        {
            const inside_scope back(lock);
            CHECK(lock.held());
        }
        CHECK_FALSE(lock.held());
    }
    CHECK(lock.held());
    lock.leave();
}

TEST_CASE("inside_scope enters the runtime for as long as it lives") {
    biased_lock lock;
    {
        const inside_scope outer(lock);
        CHECK(lock.held());
        {
            const inside_scope nested(lock);
            CHECK(lock.held());
        }
        CHECK(lock.held());
    }
    CHECK_FALSE(lock.held());
}
