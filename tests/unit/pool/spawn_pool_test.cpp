#include <drover/pool/spawn_pool.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/world.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using drover::ask_error;
using drover::delivery;
using drover::pool_options;
using drover::spawn_pool;
using drover::weighted_round_robin;
using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct job {
    int number;
};
struct numbers {};

// What the workers of a pool write into, and how many of them there are.
struct book {
    std::atomic<int> alive{0};
    std::atomic<int> built{0};
    std::atomic<int> handled{0};
    std::atomic<int> fails_at{-1};  ///< the constructor with this number throws
    std::atomic<int> elsewhere{0};  ///< built in another thread than `home`
    std::thread::id home = std::this_thread::get_id();
};

struct worker {
    worker(std::shared_ptr<book> all, std::vector<int> some) : all_(std::move(all)), some_(std::move(some)) {
        all_->elsewhere += std::this_thread::get_id() != all_->home ? 1 : 0;
        if (all_->built++ == all_->fails_at) {
            throw std::runtime_error("no room for a desk");
        }
        all_->alive += 1;
    }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { all_->alive -= 1; }

    void operator()(job) { all_->handled += 1; }
    std::vector<int> operator()(numbers) const { return some_; }

    std::shared_ptr<book> all_;
    std::vector<int> some_;
};

template <class Code>
std::string sentence_of(Code code) {
    try {
        code();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("spawn_pool: the members are there when it returns, each from copies of the arguments") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w;
        std::vector<int> some{1, 2, 3};
        const auto pool = spawn_pool<worker>(w.rt, {.members = 3}, all, some);
        CHECK(all->alive == 3);
        CHECK(all->elsewhere == 0);
        CHECK(pool.size() == 3);
        CHECK(some.size() == 3);
        some.clear();  // nobody's any more
        for (const auto& each : pool.members()) {
            CHECK(each.picked);
            CHECK(each.load == 0);
            CHECK_FALSE(each.weight.has_value());
            CHECK(each.actor.ask(numbers{}).get() == std::vector<int>{1, 2, 3});
        }
        const auto fourth = pool.add().get();
        CHECK(fourth.ask(numbers{}).get() == std::vector<int>{1, 2, 3});
        CHECK(pool.size() == 4);
        CHECK(w.finish());
    }
    CHECK(all->alive == 0);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("spawn_pool: names of the pool and its members") {
    world w;
    const auto all = std::make_shared<book>();
    const auto named = spawn_pool<worker>(w.rt, {.members = 2, .name = "desk"}, all, std::vector<int>{});
    CHECK(named.name() == "desk");
    CHECK(named.parent().name() == "desk");
    CHECK(named.members()[0].actor.name() == "desk/0");
    CHECK(named.members()[1].actor.name() == "desk/1");
    CHECK(named.add().get().name() == "desk/2");
    const auto unnamed = spawn_pool<worker>(w.rt, {}, all, std::vector<int>{});
    CHECK(unnamed.size() == 1);
    CHECK_THAT(std::string(unnamed.name()), Contains("pool of ") && Contains("worker"));
    CHECK(unnamed.members()[0].actor.name() == drover::type_name<worker>());
}

namespace {

struct open_pool {
    std::shared_ptr<book> all;
};
struct owner {
    drover::pool<worker> operator()(open_pool wanted, drover::context& me) {
        return spawn_pool<worker>(me, {.members = 2}, wanted.all, std::vector<int>{7});
    }
};

}  // namespace

TEST_CASE("spawn_pool: in a handler the actor is the pool's parent, with which it stops") {
    world w;
    const auto all = std::make_shared<book>();
    const auto o = w.rt.spawn<owner>();
    const auto pool = o.ask(open_pool{all}).get();
    CHECK(pool.size() == 2);
    CHECK(all->elsewhere == 2);
    pool.tell(job{1});
    CHECK(pool.ask(numbers{}).get() == std::vector<int>{7});
    w.settle();
    CHECK(all->handled == 1);
    o.stop();
    wait_until([&] { return o.stopped(); });
    // A parent stops after its children.
    CHECK(pool.parent().stopped());
    CHECK(pool.stopped());
    CHECK(all->alive == 0);
    CHECK(pool.tell(job{2}) == delivery::stopped);
}

TEST_CASE("spawn_pool: a constructor that throws leaves nothing behind") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w;
        all->fails_at = 2;
        CHECK_THROWS_WITH(spawn_pool<worker>(w.rt, {.members = 4}, all, std::vector<int>{}), "no room for a desk");
        wait_until([&] { return all->alive == 0; });
        CHECK(all->built == 3);
        all->fails_at = -1;
        CHECK(spawn_pool<worker>(w.rt, {.members = 4}, all, std::vector<int>{}).size() == 4);
    }
    CHECK(all->alive == 0);
    CHECK(all.use_count() == 1);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("spawn_pool: a pool whose runtime ends before it has begun leaves nothing behind") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        drover::simulated_runtime rt(1);
        CHECK(spawn_pool<worker>(rt, {.members = 4}, all, std::vector<int>{}).size() == 4);
    }
    CHECK(all->alive == 0);
    CHECK(all.use_count() == 1);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("spawn_pool: bad input is told in one sentence, with the value") {
    world w;
    const auto all = std::make_shared<book>();
    const auto make = [&](std::vector<double> weights, std::size_t members = 2) {
        return sentence_of([&] {
            static_cast<void>(spawn_pool<worker>(
                w.rt, {.members = members, .weights = std::move(weights), .name = "desk"}, all, std::vector<int>{}));
        });
    };
    CHECK_THAT(make({1, 2, 3}),
               Equals("drover: pool_options::weights has 3 weights for 2 members; give one each or fewer"));
    CHECK(all->built == 0);
    CHECK_THAT(make({1, -2}),
               Equals("drover: the weight of member 1 \"desk/1\" (id 1) is -2; give it a finite one above 0, or 0 "
                      "if it shall take no new messages"));
    CHECK_THAT(make({std::nan("")}), Contains("is not a number;"));
    CHECK_THAT(make({1, std::numeric_limits<double>::infinity()}), Contains("is infinite;"));
    CHECK_THROWS_AS(spawn_pool<worker>(w.rt, {.members = 1, .weights = {-1}}, all, std::vector<int>{}),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        spawn_pool<worker>(w.rt, {.plan = drover::supervision{.limit = {.count = 70'000}}}, all, std::vector<int>{}),
        std::invalid_argument);
    CHECK_THROWS_AS(spawn_pool<worker>(w.rt, {.each = {.capacity = 3}}, all, std::vector<int>{}),
                    std::invalid_argument);
    wait_until([&] { return all->alive == 0; });
    CHECK(make({1}) == "nothing was thrown");
    CHECK(make({0, 0}) == "nothing was thrown");
}

namespace {

struct parcel {
    int sender;
};
struct clerk {
    void operator()(parcel) {}
};

}  // namespace

TEST_CASE("spawn_pool: keys of keyed_by cannot be asked again") {
    world w;
    using by_sender = drover::keyed_by<&parcel::sender, drover::consistent_hash<drover::maglev>>;
    CHECK_THROWS_WITH((spawn_pool<clerk, by_sender>(w.rt, {.undelivered = drover::undelivered::pick_again})),
                      Contains("keyed_by, which cannot be asked again; declare"));
    CHECK(spawn_pool<clerk, by_sender>(w.rt, {}).size() == 1);
}

TEST_CASE("spawn_pool: a runtime that drains or has stopped takes no pool from outside") {
    world w;
    const auto all = std::make_shared<book>();
    CHECK(w.finish());
    CHECK_THAT(sentence_of([&] { static_cast<void>(spawn_pool<worker>(w.rt, {}, all, std::vector<int>{})); }),
               Contains("drover: spawn of a pool of ") &&
                   Contains(" on a runtime that drains or has stopped; spawn before drain() and stop()"));
    CHECK(w.rt.stop().complete);
    CHECK_THROWS_AS(spawn_pool<worker>(w.rt, {}, all, std::vector<int>{}), std::runtime_error);
    CHECK(all->built == 0);
}

TEST_CASE("spawn_pool: a pool without members answers no_target until it has one") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker>(w.rt, {.members = 0, .name = "desk"}, all, std::vector<int>{4});
    CHECK(pool.size() == 0);
    CHECK(pool.members().empty());
    CHECK(pool.tell(job{1}) == delivery::no_target);
    job kept{2};
    CHECK(pool.try_tell(kept) == delivery::no_target);
    const auto reply = pool.ask(numbers{}).result();
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == ask_error::no_target);
    const auto batch = pool.tell_batch(std::vector<job>{{1}, {2}, {3}});
    CHECK(batch.accepted == 0);
    CHECK(batch.no_target == 3);
    CHECK(pool.broadcast(job{1}) == 0);
    w.settle();
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 5);  // a told one, an asked one, and the batch
    for (const auto& each : letters) {
        CHECK(each.reason == reason::no_target);
        CHECK(each.actor == "desk");
    }
    CHECK(letters[0].message == drover::type_name<job>());
    CHECK(w.rt.statistics().returned == 1);

    const auto first = pool.add().get();
    CHECK(pool.tell(job{1}) == delivery::accepted);
    CHECK(pool.ask(numbers{}).get() == std::vector<int>{4});
    CHECK(pool.set_weight(first, 0).get());  // present, and not to be picked
    CHECK(pool.tell(job{1}) == delivery::no_target);
    CHECK(pool.broadcast(job{1}) == 1);
    w.settle();
    CHECK(all->handled == 2);
}

TEST_CASE("spawn_pool: a pool that has stopped answers stopped, and its members are gone") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w;
        const auto pool = spawn_pool<worker>(w.rt, {.members = 3, .name = "desk"}, all, std::vector<int>{});
        const auto members = pool.members();
        pool.stop();
        wait_until([&] { return pool.parent().stopped(); });
        CHECK(all->alive == 0);
        for (const auto& each : members) {
            CHECK(each.actor.stopped());
        }
        drover_test::await_closed(pool.parent());
        CHECK(pool.size() == 0);
        const std::size_t so_far = w.heard.count();
        CHECK(pool.tell(job{1}) == delivery::stopped);
        job kept{2};
        CHECK(pool.try_tell(kept) == delivery::stopped);
        const auto reply = pool.ask(numbers{}).result();
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == ask_error::actor_stopped);
        CHECK(pool.tell_batch(std::vector<job>{{1}, {2}}).no_target == 2);
        CHECK(pool.broadcast(job{1}) == 0);
        const auto letters = w.heard.letters();
        REQUIRE(letters.size() == so_far + 4);
        for (std::size_t each = so_far; each != letters.size(); ++each) {
            CHECK(letters[each].reason == reason::stopped);
            CHECK(letters[each].actor == "desk");
        }
        const auto more = pool.add().result();
        REQUIRE_FALSE(more);
        CHECK(more.error().code == ask_error::actor_stopped);
        CHECK_FALSE(pool.remove(members[0].actor).result());
        CHECK_FALSE(pool.resize(3).result());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("spawn_pool: a pool that is stopped when drained handles what it has first") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker>(w.rt, {.members = 3}, all, std::vector<int>{});
    pool.tell_batch(std::vector<job>(3000));
    pool.stop_when_drained();
    wait_until([&] { return pool.parent().stopped(); });
    CHECK(all->handled == 3000);
    CHECK(all->alive == 0);
    const auto empty = spawn_pool<worker>(w.rt, {.members = 0}, all, std::vector<int>{});
    empty.stop_when_drained();
    wait_until([&] { return empty.parent().stopped(); });
    CHECK(w.heard.count() == 0);
}

TEST_CASE("spawn_pool: a pool outlives nothing: its handle does, and its runtime's end") {
    const auto all = std::make_shared<book>();
    drover::pool<worker> pool;
    {
        world w;
        pool = spawn_pool<worker>(w.rt, {.members = 2}, all, std::vector<int>{});
        CHECK(pool.tell(job{1}) == delivery::accepted);
        CHECK(w.finish());
        CHECK(all->handled == 1);
    }
    CHECK(all->alive == 0);
    CHECK(pool.tell(job{2}) == delivery::stopped);
    CHECK(pool.broadcast(job{2}) == 0);
    CHECK_FALSE(pool.ask(numbers{}).result());
    CHECK_FALSE(pool.add().result());
}

TEST_CASE("spawn_pool: an empty handle has no members and takes nothing") {
    const drover::pool<worker> none;
    CHECK(none.tell(job{1}) == delivery::no_target);
    job kept{1};
    CHECK(none.try_tell(kept) == delivery::no_target);
    CHECK(none.tell_batch(std::vector<job>(3)).no_target == 3);
    CHECK(none.broadcast(job{1}) == 0);
    CHECK(none.ask(numbers{}).result().error().code == ask_error::no_target);
    CHECK(none.size() == 0);
    CHECK(none.members().empty());
    CHECK_FALSE(none.parent());
    CHECK(none.add().result().error().code == ask_error::no_target);
    CHECK(none.resize(1).result().error().code == ask_error::no_target);
}
