#include <drover/actor/send.hpp>

#include <array>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::blocks_in_use;
using drover_test::failing_new;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct item {
    int number;
};
struct question {};
struct large {
    std::array<std::byte, 4096> bytes{};
};
// Its destructor throws when it is told to, once.
struct rude {
    explicit rude(bool does) noexcept : throws(does) {}
    rude(rude&& from) noexcept : throws(std::exchange(from.throws, false)) {}
    ~rude() noexcept(false) {
        if (throws) {
            throw std::runtime_error("rude");
        }
    }
    bool throws;
};

struct keeper {
    void operator()(item i) { seen_.push_back(i.number); }
    void operator()(const plug& p) { p.hold(); }
    void operator()(const large&) {}
    void operator()(const rude&) {}
    void operator()(std::unique_ptr<int> p) { seen_.push_back(*p); }
    std::vector<int> operator()(question) const { return seen_; }
    std::vector<int> seen_{};
};

using numbers = std::vector<int>;

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

template <class Mailbox>
auto spawn_keeper(world& w) {
    return w.rt.spawn<keeper>(drover::spawn_in<Mailbox>{});
}

}  // namespace

#define DROVER_MAILBOXES                                                                                      \
    drover::unbounded_mailbox, drover::bounded_mailbox<8>, (drover::bounded_mailbox<8, drover::drop_oldest>), \
        drover::priority_mailbox<2>, drover::single_producer_mailbox<8>

TEMPLATE_TEST_CASE("all ways of sending to one actor keep their order", "", DROVER_MAILBOXES) {
    world w;
    const auto a = spawn_keeper<TestType>(w);
    {
        const plugged until_done(a);
        a.tell(item{1});
        item two{2};
        CHECK(drover::is_accepted(a.try_tell(two)));
        CHECK(drover::is_accepted(a.tell_batch(std::vector<item>{{3}, {4}})));
        a.tell(std::make_unique<int>(5));
        CHECK(drover::is_accepted(drover::recipient<item>(a).tell(item{6})));
        CHECK(a.tell_batch(std::vector<item>{}) == delivery::accepted);
    }
    CHECK(a.ask(question{}).get() == numbers{1, 2, 3, 4, 5, 6});
    w.settle();
    check_identity(w.rt.statistics());
}

TEMPLATE_TEST_CASE("without memory a send throws, and its place is free again", "", DROVER_MAILBOXES) {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto a = spawn_keeper<TestType>(w);
        a.tell(item{0});  // this thread's lane is made by its first use
        w.settle();
        for (int round = 0; round != 20; ++round) {
            bool threw = false;
            try {
                large big;
                const failing_new scope(0, 4000);
                a.tell(std::move(big));
            } catch (const std::bad_alloc&) {
                threw = true;
            }
            REQUIRE(threw);
            threw = false;
            large kept;
            try {
                const failing_new scope(0, 4000);
                static_cast<void>(a.try_tell(kept));
            } catch (const std::bad_alloc&) {
                threw = true;
            }
            REQUIRE(threw);
        }
        const plugged until_done(a);
        for (int each = 0; each != 8; ++each) {
            REQUIRE(drover::is_accepted(a.tell(item{each})));
        }
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("a destructor that throws fails the actor when handled, and is reported when buried", "",
                   DROVER_MAILBOXES) {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto a = spawn_keeper<TestType>(w);
        a.tell(rude(true));
        wait_until([&] { return a.stopped(); });
        w.settle();
        CHECK(w.heard.failures().size() == 1);
        CHECK(w.rt.statistics().dead(reason::failed) == 1);
        const auto b = spawn_keeper<TestType>(w);
        {
            const plugged until_done(b);
            b.tell(rude(true));
            b.tell(rude(true));
            b.stop();
        }
        wait_until([&] { return w.rt.statistics().dead(reason::stopped) == 2; });
        wait_until([&] { return w.heard.failures().size() == 3; });
        CHECK(w.heard.failures().at(2).what.find("rude") != std::string::npos);
        CHECK(w.finish());
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("after the gate has closed every way of sending answers stopped and is accounted for", "",
                   DROVER_MAILBOXES) {
    world w;
    const auto a = spawn_keeper<TestType>(w);
    CHECK(w.finish());
    item kept{1};
    CHECK(a.tell(item{1}) == delivery::stopped);
    CHECK(a.try_tell(kept) == delivery::stopped);
    CHECK(a.tell_batch(std::vector<item>{{1}, {2}, {3}}) == delivery::stopped);
    CHECK(a.ask(question{}).result().error().code == drover::ask_error::actor_stopped);
    const auto sums = w.rt.statistics();
    CHECK(sums.dead(reason::stopped) == 5);
    CHECK(sums.returned == 1);
    CHECK(sums.offered == 6);
    check_identity(sums);
}

TEST_CASE("a batch of a view is copied, one of an rvalue container moved") {
    world w;
    const auto a = spawn_keeper<drover::bounded_mailbox<8>>(w);
    std::vector<item> kept{{1}, {2}};
    CHECK(a.tell_batch(kept) == delivery::accepted);
    CHECK(a.tell_batch(std::views::all(kept)) == delivery::accepted);
    std::vector<std::unique_ptr<int>> alone;
    alone.push_back(std::make_unique<int>(3));
    CHECK(drover::is_accepted(a.tell_batch(std::move(alone))));
    CHECK(a.ask(question{}).get() == numbers{1, 2, 1, 2, 3});
}
