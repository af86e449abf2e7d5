#include <drover/routing/topic.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/actor/behaviours.hpp>

#include "support/world.hpp"

using drover_test::basic_world;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct tally {
    static inline std::atomic<int> copies{0};
    static inline std::atomic<int> alive{0};
    static void reset() { copies = 0; }
};

struct quote {
    explicit quote(int p) : price(p) { tally::alive += 1; }
    quote(const quote& other) : price(other.price) {
        tally::copies += 1;
        tally::alive += 1;
    }
    quote(quote&& other) noexcept : price(other.price) { tally::alive += 1; }
    ~quote() { tally::alive -= 1; }
    int price;
};

struct get {};

struct watcher {
    void operator()(const quote& q) { seen_.push_back(q.price); }
    std::vector<int> operator()(get) const { return seen_; }
    std::vector<int> seen_{};
};

struct copier {
    void operator()(quote q, drover::context&) { last_ = q.price; }
    int operator()(get) const { return last_; }
    int last_ = 0;
};

struct slow {
    void operator()(const quote&) { shut->pass(); }
    door* shut;
};

struct full {
    using mailbox = drover::bounded_mailbox<2, drover::block_sender<1'000'000>>;
    void operator()(const quote&) { shut->pass(); }
    door* shut;
};

struct thrower {
    void operator()(const quote& q) {
        if (q.price == 13) {
            throw std::runtime_error("thirteen");
        }
    }
};

struct publisher {
    std::size_t operator()(int price, drover::context& me) {
        if (!topic_) {
            topic_.emplace(me);
        }
        return topic_->publish(quote(price));
    }
    std::size_t operator()(const drover::ref<watcher>& who, drover::context& me) {
        if (!topic_) {
            topic_.emplace(me);
        }
        topic_->subscribe(who);
        return topic_->subscribers();
    }
    std::optional<drover::topic<quote>> topic_{};
};

}  // namespace

TEST_CASE("a publication reaches every subscriber, in order, and is not copied") {
    tally::reset();
    {
        world w;
        const drover::topic<quote> prices(w.rt);
        CHECK(prices.publish(quote(0)) == 0);
        std::vector<drover::ref<watcher>> all;
        for (int i = 0; i != 10; ++i) {
            all.push_back(w.rt.spawn<watcher>());
            CHECK(prices.subscribe(all.back()));
        }
        CHECK(prices.subscribers() == 10);
        for (int i = 1; i != 6; ++i) {
            CHECK(prices.publish(quote(i)) == 10);
        }
        for (const auto& each : all) {
            CHECK(each.ask(get{}).get() == std::vector<int>{1, 2, 3, 4, 5});
        }
        w.settle();
        CHECK(tally::alive == 0);
        CHECK(w.rt.statistics().offered == 60);
        CHECK(w.rt.statistics().handled == 60);
    }
    CHECK(tally::copies == 0);
}

TEST_CASE("a handler by value gets a copy of its own") {
    tally::reset();
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<copier>();
    const auto two = w.rt.spawn<copier>();
    prices.subscribe(one);
    prices.subscribe(two);
    CHECK(prices.publish(quote(7)) == 2);
    CHECK(one.ask(get{}).get() == 7);
    CHECK(two.ask(get{}).get() == 7);
    CHECK(tally::copies == 2);
}

TEST_CASE("unsubscribe, subscribe twice, and a filter") {
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto all = w.rt.spawn<watcher>();
    const auto some = w.rt.spawn<watcher>();
    CHECK(prices.subscribe(all));
    CHECK(prices.subscribe(some, [](const quote& q) { return q.price > 10; }));
    CHECK(prices.publish(quote(5)) == 1);
    CHECK(prices.publish(quote(15)) == 2);
    CHECK(prices.subscribe(some, [limit = 20](const quote& q) noexcept { return q.price > limit; }));
    CHECK(prices.subscribers() == 2);
    CHECK(prices.publish(quote(16)) == 1);
    CHECK(prices.publish(quote(21)) == 2);
    CHECK(prices.subscribe(some));
    CHECK(prices.publish(quote(1)) == 2);
    CHECK(prices.unsubscribe(all));
    CHECK_FALSE(prices.unsubscribe(all));
    CHECK(prices.publish(quote(2)) == 1);
    CHECK(all.ask(get{}).get() == std::vector<int>{5, 15, 16, 21, 1});
    CHECK(some.ask(get{}).get() == std::vector<int>{15, 21, 1, 2});
    CHECK_FALSE(prices.unsubscribe(drover::handle{}));
    CHECK_FALSE(prices.subscribe(drover::ref<watcher>{}));
}

TEST_CASE("a filter that throws is reported, and passes its subscriber by") {
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto odd = w.rt.spawn<watcher>(drover::spawn_options{.name = "odd"});
    const auto other = w.rt.spawn<watcher>();
    prices.subscribe(odd, [](const quote& q) {
        if (q.price == 2) {
            throw std::runtime_error("even");
        }
        return true;
    });
    prices.subscribe(other);
    CHECK(prices.publish(quote(1)) == 2);
    CHECK(prices.publish(quote(2)) == 1);
    CHECK(prices.publish(quote(3)) == 2);
    CHECK(odd.ask(get{}).get() == std::vector<int>{1, 3});
    const auto failures = w.heard.failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].actor == "odd");
    CHECK(failures[0].message == "topic filter");
    CHECK(failures[0].what == "even");
}

TEST_CASE("a subscription ends with its actor, and with its topic") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        std::optional<drover::topic<quote>> prices(w.rt);
        const auto gone = w.rt.spawn<watcher>();
        const auto stays = w.rt.spawn<watcher>();
        prices->subscribe(gone);
        prices->subscribe(stays, [](const quote&) { return true; });
        gone.stop();
        wait_until([&] { return prices->subscribers() == 1; });
        CHECK_FALSE(prices->subscribe(gone));
        CHECK(prices->publish(quote(1)) == 1);
        const drover::topic<quote> copy = *prices;
        CHECK(copy == *prices);
        prices.reset();
        CHECK(copy.publish(quote(2)) == 1);
        CHECK(stays.ask(get{}).get() == std::vector<int>{1, 2});
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a topic that ends lets go of its subscribers") {
    world w;
    const auto held = std::make_shared<int>(0);
    const auto stays = w.rt.spawn<watcher>();
    {
        const drover::topic<quote> prices(w.rt);
        prices.subscribe(stays, [held](const quote&) { return true; });
        CHECK(held.use_count() == 2);
        prices.subscribe(stays, [held](const quote&) { return false; });
        CHECK(held.use_count() == 2);  // the later one took its place
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("a topic outlives its runtime and then gives to nobody") {
    const std::size_t before = blocks_in_use();
    {
        std::optional<drover::topic<quote>> prices;
        drover::ref<watcher> one;
        {
            world w;
            prices.emplace(w.rt);
            one = w.rt.spawn<watcher>();
            prices->subscribe(one);
        }
        CHECK(prices->subscribers() == 0);
        CHECK(prices->publish(quote(1)) == 0);
        CHECK_FALSE(prices->subscribe(one));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a publication while the runtime drains is refused, as a tell is") {
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<watcher>(drover::spawn_options{.name = "one"});
    prices.subscribe(one);
    CHECK(w.finish());
    CHECK(prices.publish(quote(1)) == 0);
    CHECK(w.rt.statistics().dead(reason::stopped) == 1);
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].message.find("quote") != std::string::npos);
    CHECK(letters[0].message.find("publication") == std::string::npos);
    CHECK(letters[0].actor == "one");
}

TEST_CASE("slow, full and failing subscribers delay nobody") {
    door shut;
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto quick = w.rt.spawn<watcher>();
    prices.subscribe(w.rt.spawn<slow>(&shut));
    prices.subscribe(w.rt.spawn<thrower>());
    prices.subscribe(quick);
    CHECK(prices.publish(quote(13)) == 3);
    CHECK(quick.ask(get{}).get() == std::vector<int>{13});
    wait_until([&] { return prices.subscribers() == 2; });
    CHECK(w.heard.dead(reason::failed) == 1);
    const auto bounded = w.rt.spawn<full>(&shut);
    prices.subscribe(bounded);
    std::size_t refused = 0;
    for (int i = 0; i != 5; ++i) {
        refused += 3 - prices.publish(quote(i));  // would wait for an hour if it waited for room
    }
    CHECK(refused >= 2);
    CHECK(w.heard.dead(reason::rejected) == refused);
    shut.open();
    CHECK(quick.ask(get{}).get() == std::vector<int>{13, 0, 1, 2, 3, 4});
    w.settle();
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead());
}

TEST_CASE("what a stopped subscriber had not handled is dead letters, and the message is destroyed once") {
    tally::reset();
    door shut;
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<slow>(&shut);
    const auto two = w.rt.spawn<slow>(&shut);
    prices.subscribe(one);
    prices.subscribe(two);
    for (int i = 0; i != 4; ++i) {
        CHECK(prices.publish(quote(i)) == 2);
    }
    one.stop();
    two.stop();
    shut.open();
    wait_until([&] { return prices.subscribers() == 0; });
    w.settle();
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.handled + sums.dead(reason::stopped) == 8);
    CHECK(tally::alive == 0);
    CHECK(tally::copies == 0);
}

TEST_CASE("a topic made from a context, and published to inside a handler") {
    world w;
    const auto one = w.rt.spawn<watcher>();
    const auto p = w.rt.spawn<publisher>();
    CHECK(p.ask(1).get() == 0);
    CHECK(p.ask(one).get() == 1);
    CHECK(p.ask(2).get() == 1);
    CHECK(one.ask(get{}).get() == std::vector<int>{2});
}

TEST_CASE("a topic refuses an actor of another runtime") {
    world w;
    world elsewhere;
    const drover::topic<quote> prices(w.rt);
    const auto stranger = elsewhere.rt.spawn<watcher>(drover::spawn_options{.name = "stranger"});
    CHECK_THROWS_WITH(prices.subscribe(stranger),
                      Catch::StartsWith("drover: stranger is an actor of another runtime than the topic of ") &&
                          Catch::EndsWith("; make a topic from the runtime of its subscribers"));
    CHECK(prices.subscribers() == 0);
}

namespace {

struct own : drover::features {};
using app = drover::with<own>;

struct app_watcher {
    int operator()(const std::string& text, app::context&) { return length_ = static_cast<int>(text.size()); }
    int operator()(get) const { return length_; }
    int length_ = 0;
};

struct ranked {
    using mailbox = drover::priority_mailbox<2>;
    static std::size_t priority(const quote& q) { return q.price > 100 ? 1 : 0; }
    static std::size_t priority(const get&) { return 0; }
    static std::size_t priority(door* const&) { return 0; }
    void operator()(const quote& q) { seen_.push_back(q.price); }
    void operator()(door* d) { d->pass(); }
    std::vector<int> operator()(get) const { return seen_; }
    std::vector<int> seen_{};
};

struct day;
struct night;
using porter = drover::behaviours<day, night>;
struct day {
    void operator()(const quote& q) { last_ = q.price; }
    int operator()(get) const { return last_; }
    void operator()(bool, drover::context& me) { drover::become<night>(me); }
    int last_ = 0;
};
struct night {
    int operator()(get) const { return -1; }
};

}  // namespace

TEST_CASE("a topic of another feature bundle") {
    basic_world<own> w;
    const app::topic<std::string> names(w.rt);
    const app::ref<app_watcher> one = w.rt.spawn<app_watcher>();
    CHECK(names.subscribe(one));
    CHECK(names.publish("seven!!") == 1);
    CHECK(one.ask(get{}).get() == 7);
}

TEST_CASE("publications have the priority of their message") {
    door shut;
    world w(1);
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<ranked>();
    prices.subscribe(one);
    one.tell(&shut);
    prices.publish(quote(1));
    prices.publish(quote(101));
    shut.open();
    auto seen = one.ask(get{}).get();
    wait_until([&] { return (seen = one.ask(get{}).get()).size() == 2; });
    CHECK(seen == std::vector<int>{101, 1});
}

TEST_CASE("a behaviour without a handler leaves a publication unhandled") {
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<porter>();
    prices.subscribe(one);
    CHECK(prices.publish(quote(4)) == 1);
    CHECK(one.ask(get{}).get() == 4);
    one.tell(true);
    CHECK(prices.publish(quote(5)) == 1);
    CHECK(one.ask(get{}).get() == -1);
    w.settle();
    CHECK(w.rt.statistics().dead(reason::unhandled) == 1);
}

namespace {

struct gathering {
    using outbox = drover::outbox<8>;
    void operator()(int price) {
        one.tell(quote(price));
        prices.publish(quote(price + 1));
        one.tell(quote(price + 2));
    }
    drover::ref<watcher> one;
    drover::topic<quote> prices;
};

}  // namespace

TEST_CASE("a publication does not overtake what an outbox holds back") {
    world w;
    const drover::topic<quote> prices(w.rt);
    const auto one = w.rt.spawn<watcher>();
    prices.subscribe(one);
    const auto source = w.rt.spawn<gathering>(one, prices);
    source.tell(1);
    std::vector<int> seen;
    wait_until([&] { return (seen = one.ask(get{}).get()).size() == 3; });
    CHECK(seen == std::vector<int>{1, 2, 3});
}

TEST_CASE("a topic's handle may be given another topic") {
    world w(1);
    const auto hearer = w.rt.spawn<watcher>();
    const drover::topic<quote> first(w.rt);
    drover::topic<quote> second(w.rt);
    first.subscribe(hearer);
    CHECK(second.publish(quote(1)) == 0);
    second = first;
    CHECK(second == first);
    CHECK(second.publish(quote(2)) == 1);
    CHECK(hearer.ask(get{}).get() == std::vector<int>{2});
}
