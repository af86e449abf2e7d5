#include <drover/actor/dead_letter_event.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::await_closed;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct get {};
struct job {};

struct wait_here {
    drover_test::door* shut;
    std::atomic<bool>* inside;
};

struct listener {
    void operator()(const drover::dead_letter_event& one) {
        if (throws_) {
            throw std::runtime_error("cannot hear");
        }
        heard_.push_back(one);
    }
    std::vector<drover::dead_letter_event> operator()(get) const { return heard_; }
    bool operator()(job, drover::context& me) {
        return me.subscribe_dead_letters(me.self<listener>()) && !me.subscribe_dead_letters(me.self<listener>());
    }
    bool operator()(int, drover::context& me) { return me.unsubscribe_dead_letters(me.self()); }
    void operator()(wait_here here) {
        here.inside->store(true);
        here.shut->pass();
    }
    bool throws_ = false;
    std::vector<drover::dead_letter_event> heard_{};
};

struct worker {
    void operator()(job) {}
    void operator()(std::string text) { throw std::runtime_error(text); }
};

// Waits: an actor that says it has stopped may still empty its mailbox.
void hears(const drover::ref<listener>& who, std::size_t count) {
    wait_until([&] { return who.ask(get{}).get().size() >= count; });
    CHECK(who.ask(get{}).get().size() == count);
}

}  // namespace

TEST_CASE("an actor hears of dead letters, as events of its own") {
    world w;
    const auto l = w.rt.spawn<listener>();
    CHECK(w.rt.subscribe_dead_letters(l));
    CHECK_FALSE(w.rt.subscribe_dead_letters(l));
    drover::actor_id gone_id{};
    {
        const auto gone = w.rt.spawn<worker>(drover::spawn_options{.name = "gone"});
        gone_id = gone.id();
        gone.tell(std::string("bad"));
        wait_until([&] { return gone.stopped(); });
        gone.tell(job{});
    }
    hears(l, 2);
    const auto heard = l.ask(get{}).get();
    REQUIRE(heard.size() == 2);
    CHECK(heard[0].reason == reason::failed);
    CHECK(heard[0].message == drover::type_name<std::string>());
    CHECK(heard[0].actor == "gone");
    CHECK(heard[0].id == gone_id);
    CHECK(heard[1].reason == reason::stopped);
    CHECK(heard[1].message.find("job") != std::string::npos);
    CHECK(w.rt.unsubscribe_dead_letters(l));
    CHECK_FALSE(w.rt.unsubscribe_dead_letters(l));
    const auto other = w.rt.spawn<worker>();
    other.stop();
    wait_until([&] { return other.stopped(); });
    other.tell(job{});
    wait_until([&] { return w.heard.letters().size() == 3; });
    hears(l, 2);
    w.settle();
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead());
    CHECK(sums.dead(reason::failed) == 1);
    CHECK(sums.dead(reason::stopped) == 2);
}

TEST_CASE("a subscriber's own dead letters are counted and not told") {
    world w;
    const auto bad = w.rt.spawn<listener>(true);
    const auto good = w.rt.spawn<listener>();
    CHECK(w.rt.subscribe_dead_letters(bad));
    CHECK(w.rt.subscribe_dead_letters(good));
    const auto gone = w.rt.spawn<worker>();
    gone.stop();
    wait_until([&] { return gone.stopped(); });
    gone.tell(job{});  // the bad one throws at it, and stops of that
    wait_until([&] { return bad.stopped(); });
    w.settle();
    hears(good, 1);
    CHECK(w.rt.statistics().dead(reason::failed) == 1);
    gone.tell(job{});
    hears(good, 2);
    w.settle();
    CHECK(w.rt.statistics().dead() == 3);  // nothing was sent to the one that has stopped
    CHECK_FALSE(w.rt.subscribe_dead_letters(bad));

    const auto third = w.rt.spawn<listener>();
    CHECK(w.rt.subscribe_dead_letters(third));
    good.stop();  // the sink hears of what is sent to a subscriber
    await_closed(good);
    const std::size_t before = w.heard.letters().size();
    good.tell(job{});
    CHECK(w.heard.letters().size() == before + 1);
    gone.tell(job{});
    hears(third, 1);
}

TEST_CASE("a lost event is told to nobody, also when it was sent to one who has unsubscribed") {
    drover_test::door shut;
    world w;
    const auto busy = w.rt.spawn<listener>();
    const auto other = w.rt.spawn<listener>();
    CHECK(w.rt.subscribe_dead_letters(busy));
    CHECK(w.rt.subscribe_dead_letters(other));
    std::atomic<bool> inside{false};
    busy.tell(wait_here{&shut, &inside});
    wait_until([&] { return inside.load(); });
    const auto gone = w.rt.spawn<worker>();
    gone.stop();
    wait_until([&] { return gone.stopped(); });
    gone.tell(job{});
    hears(other, 1);
    CHECK(w.rt.unsubscribe_dead_letters(busy));
    busy.stop();
    shut.open();  // the event in its mailbox is a dead letter now
    wait_until([&] { return w.heard.letters().size() == 2; });
    w.settle();
    gone.tell(job{});
    hears(other, 2);
}

TEST_CASE("an actor subscribes by its context") {
    world w;
    const auto l = w.rt.spawn<listener>();
    CHECK(l.ask(job{}).get());
    const auto gone = w.rt.spawn<worker>();
    gone.stop();
    wait_until([&] { return gone.stopped(); });
    gone.tell(job{});
    hears(l, 1);
    CHECK(l.ask(0).get());
    CHECK_FALSE(l.ask(0).get());
    gone.tell(job{});
    wait_until([&] { return w.heard.letters().size() == 2; });
    hears(l, 1);
}

namespace {

namespace market {
template <class T>
struct order {};
}  // namespace market

}  // namespace

TEST_CASE("the names of dead letters are those that people write") {
    const auto holds = [](std::string_view text, std::string_view part) {
        INFO(text);
        return text.find(part) != std::string_view::npos;
    };
    CHECK(holds(drover::type_name<market::order<int>>(), "market::order<int>"));
    CHECK(holds(drover::type_name<market::order<market::order<char>>>(), "market::order<"));
    CHECK(drover::type_name<std::vector<int>>().find("vector<int") != std::string_view::npos);
    const auto lambda = [](int) {};
    CHECK(holds(drover::type_name<std::decay_t<decltype(lambda)>>(), "lambda"));
    CHECK(drover::type_name<unsigned long>().find("long") != std::string_view::npos);
    CHECK(holds(drover::type_name<const char*>(), "const char"));
    CHECK(drover::type_name<drover::dead_letter_event>() == "drover::dead_letter_event");
}
