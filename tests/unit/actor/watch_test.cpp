#include <drover/actor/watch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using drover_test::world;

namespace {

struct poison {};
struct plain {
    void operator()(poison) { throw std::runtime_error("poisoned"); }
    int operator()(int n) const { return n; }
};

struct heard {
    std::string name;
    drover::stop_kind kind;
    std::string what;
};

struct follow {
    drover::handle whom;
};
struct unfollow {
    drover::handle whom;
};
struct list {};

struct watcher {
    bool operator()(const follow& f, drover::context& me) { return me.watch<watcher>(f.whom); }
    bool operator()(const unfollow& u, drover::context& me) { return me.unwatch(u.whom); }
    void operator()(const drover::stopped_event& e) {
        seen.push_back({std::string(e.actor.name()), e.reason.kind(), drover::describe(e.reason.exception())});
    }
    std::vector<heard> operator()(list) const { return seen; }
    void operator()(const drover_test::plug& p) const { p.hold(); }
    std::vector<heard> seen;
};

std::vector<heard> all(const drover::ref<watcher>& who) {
    return who.ask(list{}).get();
}

void wait_for(const drover::ref<watcher>& who, std::size_t count) {
    drover_test::wait_until([&] { return all(who).size() == count; });
}

void wait_for_end(const drover::handle& who) {
    drover_test::wait_until([&] { return who.stopped(); });
}

}  // namespace

TEST_CASE("who watches hears once of the end, with the reason") {
    world w;
    const auto who = w.rt.spawn<watcher>();
    const auto one = w.rt.spawn<plain>(drover::spawn_options{.name = "one"});
    const auto two = w.rt.spawn<plain>(drover::spawn_options{.name = "two"});
    const auto three = w.rt.spawn<plain>(drover::spawn_options{.name = "three"});
    for (const auto& each : {one, two, three}) {
        CHECK(who.ask(follow{each}).get());
        CHECK_FALSE(who.ask(follow{each}).get());  // watched already
    }
    one.stop();
    wait_for(who, 1);
    two.tell(poison{});
    wait_for(who, 2);
    three.stop_when_drained();
    wait_for(who, 3);
    const std::vector<heard> seen = all(who);
    CHECK(seen[0].name == "one");
    CHECK(seen[0].kind == drover::stop_kind::stopped);
    CHECK(seen[0].what == "no exception");
    CHECK(seen[1].name == "two");
    CHECK(seen[1].kind == drover::stop_kind::failed);
    CHECK(seen[1].what == "poisoned");
    CHECK(seen[2].name == "three");
    CHECK(seen[2].kind == drover::stop_kind::drained);
    CHECK(w.rt.statistics().dead() == 1);  // the poison: notices are no messages
}

TEST_CASE("who watches an actor that has stopped hears of it at once, each time") {
    world w;
    const auto who = w.rt.spawn<watcher>();
    const auto failed = w.rt.spawn<plain>();
    failed.tell(poison{});
    wait_for_end(failed);
    CHECK(who.ask(follow{failed}).get());
    wait_for(who, 1);
    CHECK(all(who)[0].what == "poisoned");
    CHECK(who.ask(follow{failed}).get());
    wait_for(who, 2);
}

TEST_CASE("after unwatch no notice comes") {
    world w(1);
    const auto who = w.rt.spawn<watcher>();
    const auto one = w.rt.spawn<plain>();
    CHECK_FALSE(who.ask(unfollow{one}).get());
    CHECK(who.ask(follow{one}).get());
    CHECK(who.ask(unfollow{one}).get());
    CHECK_FALSE(who.ask(unfollow{one}).get());
    one.stop();
    wait_for_end(one);
    CHECK(all(who).empty());
    CHECK_FALSE(who.ask(unfollow{drover::handle()}).get());
}

TEST_CASE("nobody watches nobody, or itself") {
    world w;
    const auto who = w.rt.spawn<watcher>();
    CHECK_FALSE(who.ask(follow{drover::handle()}).get());
    CHECK_FALSE(who.ask(follow{who}).get());
}

TEST_CASE("the notice of a child, of an actor of another runtime, and of one whose runtime ends") {
    world w;
    const auto who = w.rt.spawn<watcher>();
    {
        world other;
        const auto far = other.rt.spawn<plain>(drover::spawn_options{.name = "far"});
        const auto last = other.rt.spawn<plain>(drover::spawn_options{.name = "last"});
        CHECK(who.ask(follow{far}).get());
        CHECK(who.ask(follow{last}).get());
        far.stop();
        wait_for(who, 1);
    }
    wait_for(who, 2);
    CHECK(all(who)[0].name == "far");
    CHECK(all(who)[1].name == "last");
    CHECK(all(who)[1].kind == drover::stop_kind::runtime_stopped);
}

namespace {

struct go {
    drover::handle whom;
    std::shared_ptr<int> witness;
};

struct let_go {
    drover_test::plug until_told;
    drover::handle whom;
    std::weak_ptr<int> witness;
};

struct calling {
    // How many still know the witness when it has let go; -1 if it watched nobody.
    long operator()(const let_go& l, drover::context& me) const {
        l.until_told.hold();
        return me.unwatch(l.whom) ? l.witness.use_count() : -1;
    }
    bool operator()(const go& g, drover::context& me) {
        return me.watch(g.whom, [this, kept = g.witness](drover::stopped_event&& e) {
            calls += e.reason.kind() == drover::stop_kind::stopped ? 1 : 100;
            if (*kept == 13) {
                throw std::runtime_error("thirteen");
            }
        });
    }
    bool operator()(const unfollow& u, drover::context& me) { return me.unwatch(u.whom); }
    bool operator()(const follow& f, drover::context& me) { return me.watch<watcher>(f.whom); }
    int operator()(list) const { return calls; }
    void operator()(const drover_test::plug& p) const { p.hold(); }
    int calls = 0;
};

}  // namespace

TEST_CASE("a callable hears of the end, and is destroyed when the watch is over") {
    world w;
    const auto who = w.rt.spawn<calling>();
    const auto witness = std::make_shared<int>(0);
    const auto one = w.rt.spawn<plain>();
    const auto two = w.rt.spawn<plain>();
    const auto three = w.rt.spawn<plain>();
    CHECK(who.ask(go{one, witness}).get());
    CHECK(who.ask(go{two, witness}).get());
    CHECK(who.ask(go{three, witness}).get());
    drover_test::wait_until([&] { return witness.use_count() == 4; });
    one.stop();
    drover_test::wait_until([&] { return witness.use_count() == 3; });
    CHECK(who.ask(list{}).get() == 1);
    CHECK(who.ask(unfollow{two}).get());
    drover_test::wait_until([&] { return witness.use_count() == 2; });
    who.stop();  // with one watch that has not ended
    drover_test::wait_until([&] { return witness.use_count() == 1; });
    three.stop();
    wait_for_end(three);
}

TEST_CASE("a watch by a type that is not the actor's own is refused, and a notice that throws fails the actor") {
    world w;
    const auto who = w.rt.spawn<calling>();
    const auto one = w.rt.spawn<plain>();
    CHECK_THROWS_AS(who.ask(follow{one}).get(), drover::ask_failed);  // it is no watcher
    wait_for_end(who);                                                // its failure is reported after the answer
    const auto other = w.rt.spawn<calling>();
    CHECK(other.ask(go{one, std::make_shared<int>(13)}).get());
    one.stop();
    wait_for_end(other);
    CHECK(w.heard.failures().back().what == "thirteen");
}

TEST_CASE("a notice that waits while the watcher lets go is dropped, and what it would call is gone at once") {
    world w(2);
    const auto who = w.rt.spawn<calling>();
    const auto witness = std::make_shared<int>(0);
    const auto one = w.rt.spawn<plain>();
    CHECK(who.ask(go{one, witness}).get());
    drover_test::wait_until([&] { return witness.use_count() == 2; });
    const drover_test::plug until_told;
    auto known = who.ask(let_go{until_told, one, witness});
    until_told.entered->pass();
    one.stop();
    wait_for_end(one);
    until_told.leave->open();
    CHECK(known.get() == 1);
    CHECK(who.ask(list{}).get() == 0);
    CHECK_FALSE(who.ask(unfollow{one}).get());
}

TEST_CASE("notices that wait when the watcher is stopped come first, and nothing stays behind") {
    world w(2);
    const auto who = w.rt.spawn<calling>();
    const auto witness = std::make_shared<int>(0);
    const auto one = w.rt.spawn<plain>();
    const auto two = w.rt.spawn<plain>();
    CHECK(who.ask(go{one, witness}).get());
    CHECK(who.ask(go{two, witness}).get());
    {
        const drover_test::plugged busy(who);
        one.stop();
        two.stop();
        wait_for_end(one);
        wait_for_end(two);
        who.stop();  // signals come in order: two notices, then the end
    }
    wait_for_end(who);
    drover_test::wait_until([&] { return witness.use_count() == 1; });
}
