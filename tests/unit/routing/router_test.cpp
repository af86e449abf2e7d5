#include <drover/routing/router.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/routing.hpp>

#include "support/world.hpp"

using drover::address;
using drover::ask_error;
using drover::batch_result;
using drover::dead_letter_reason;
using drover::delivery;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct collector {
    void operator()(int x) { got->push_back(x); }
    int operator()(std::string s) { return static_cast<int>(s.size()); }
    void operator()(std::unique_ptr<int> x) { got->push_back(*x); }
    std::vector<int>* got;
};

struct porter {
    void operator()(int) {}
};

template <class Code>
std::string sentence(Code code) {
    try {
        code();
    } catch (...) {
        return drover::describe(std::current_exception());
    }
    return "no exception";
}

bool balanced(const world& w) {
    const drover::accounting sums = w.rt.statistics();
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending;
}

}  // namespace

TEMPLATE_TEST_CASE("a router sends by name and remembers as its cache does", "", drover::no_cache,
                   drover::direct_mapped_cache<64>, (drover::set_associative_cache<64, 8>)) {
    world w(1);
    std::vector<int> got;
    const auto a = w.rt.spawn<collector>(&got);
    w.rt.registry().add("orders/eu", a);
    drover::router<TestType> by(w.rt.registry());
    const address name("orders/eu");
    CHECK(by.template tell<collector>(name, 1) == delivery::accepted);
    CHECK(by.template tell<collector>("orders/eu", 2) == delivery::accepted);
    CHECK(by.template tell<collector>(std::string("orders/eu"), std::make_unique<int>(3)) == delivery::accepted);
    int four = 4;
    CHECK(by.template try_tell<collector>(name, four) == delivery::accepted);
    CHECK(by.template ask<collector>(name, std::string("five!")).get() == 5);
    CHECK(by.template ask<collector>(name, std::string("six"), std::chrono::seconds(1)).get() == 3);
    CHECK(got == std::vector<int>{1, 2, 3, 4});
    const bool caches = !std::is_same_v<TestType, drover::no_cache>;
    CHECK(by.hits() == (caches ? 5 : 0));
    CHECK(by.misses() == (caches ? 1 : 6));
    CHECK(balanced(w));
}

TEST_CASE("a name that nobody holds makes dead letters with the name, and the accounts agree") {
    world w(1);
    drover::router<> by(w.rt.registry());
    CHECK(by.tell<porter>("nobody/here", 1) == delivery::no_target);
    int message = 2;
    CHECK(by.try_tell<porter>("nobody/here", message) == delivery::no_target);
    CHECK(message == 2);
    CHECK(by.ask<collector>("nobody/here", std::string("x")).result().error().code == ask_error::no_target);
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 2);
    for (const auto& each : letters) {
        CHECK(each.reason == dead_letter_reason::no_target);
        CHECK(each.actor == "nobody/here");
        CHECK(each.id == drover::actor_id::none);
    }
    CHECK(letters[0].message == "int");
    const auto sums = w.rt.statistics();
    CHECK(sums.offered == 3);
    CHECK(sums.returned == 1);
    CHECK(sums.dead(dead_letter_reason::no_target) == 2);
    CHECK(balanced(w));
    CHECK_THROWS_AS(by.tell<porter>("a//b", 1), std::invalid_argument);
    CHECK(w.rt.statistics().offered == 3);
}

TEST_CASE("an actor of another type is refused with both types") {
    world w(1);
    w.rt.registry().add("n", w.rt.spawn<porter>());
    drover::router<> by(w.rt.registry());
    for (int each = 0; each != 2; ++each) {  // missed, then hit
        const std::string refusal = sentence([&] { by.tell<collector>("n", 1); });
        CHECK(refusal.find("porter") != std::string::npos);
        CHECK(refusal.find("collector") != std::string::npos);
    }
    CHECK(w.rt.statistics().offered == 0);
}

TEST_CASE("what a router remembers ends with a removal, a replacement, a redirection and a stop") {
    world w(1);
    auto& names = w.rt.registry();
    std::vector<int> first;
    std::vector<int> second;
    const auto a = w.rt.spawn<collector>(&first);
    const auto b = w.rt.spawn<collector>(&second);
    drover::router<> by(names);
    const auto tell = [&](int x) { return by.tell<collector>("n", x); };
    names.add("n", a);
    tell(1);
    tell(2);
    names.replace("n", b);
    tell(3);
    names.remove("n");
    CHECK(tell(4) == delivery::no_target);
    names.add("n", a);
    tell(5);
    names.add("m", b);
    names.redirect("n", "m");
    tell(6);
    names.unredirect("n");
    tell(7);
    names.redirect("n", "m");
    names.replace("m", a);
    tell(8);
    names.replace("m", b);
    tell(9);
    w.settle();
    CHECK(first == std::vector<int>{1, 2, 5, 7, 8});
    CHECK(second == std::vector<int>{3, 6, 9});
    b.stop();
    wait_until([&] { return !names.find("n"); });  // after "m", where it leads
    CHECK(tell(10) == delivery::no_target);
    CHECK(balanced(w));
}

TEST_CASE("an entry that lost its name costs one look-up, and its count is given back") {
    world w(1);
    std::vector<int> got;
    auto a = w.rt.spawn<collector>(&got);
    auto& cell = *a.cell();
    w.rt.registry().add("n", a);
    drover::router<> by(w.rt.registry());
    by.tell<collector>("n", 1);
    by.tell<collector>("n", 2);
    CHECK(by.hits() == 1);
    w.rt.registry().remove("n");
    CHECK(by.tell<collector>("n", 3) == delivery::no_target);
    CHECK(by.misses() == 2);
    w.settle();
    w.rt.registry().core().free_retired();
    CHECK(cell.references.load() == 2);  // the tree's, and `a`
}

TEST_CASE("a batch is split once for each receiver, in order") {
    world w(1);
    std::vector<int> first;
    std::vector<int> second;
    const auto a = w.rt.spawn<collector>(&first);
    const auto b = w.rt.spawn<collector>(&second);
    w.rt.registry().add("a", a);
    w.rt.registry().add("b", b);
    w.rt.registry().add("also/a", a);
    drover::router<> by(w.rt.registry());
    const std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8};
    const auto name_of = [](int x) -> std::string {
        return x % 4 == 0 ? "nobody" : x % 4 == 1 ? "a" : x % 4 == 2 ? "b" : "also/a";
    };
    CHECK(by.tell_batch<collector>(numbers, name_of) == batch_result{6, 0, 2});
    w.settle();
    CHECK(first == std::vector<int>{1, 3, 5, 7});
    CHECK(second == std::vector<int>{2, 6});
    std::vector<std::unique_ptr<int>> owned;
    owned.push_back(std::make_unique<int>(9));
    const address to_b("b");
    CHECK(by.tell_batch<collector>(std::move(owned), [&](const auto&) -> const address& { return to_b; }).accepted ==
          1);
    b.stop();
    drover_test::await_closed(b);
    w.settle();
    const batch_result late = by.tell_batch<collector>(numbers, [](int) { return "b"; });
    CHECK(late.accepted == 0);
    CHECK(late.sent() == 8);
    CHECK(w.heard.dead(dead_letter_reason::no_target) >= 2);
    CHECK(balanced(w));
}

TEST_CASE("a batch with a wrong type or a bad name sends nothing") {
    world w(1);
    std::vector<int> got;
    w.rt.registry().add("a", w.rt.spawn<collector>(&got));
    w.rt.registry().add("p", w.rt.spawn<porter>());
    drover::router<> by(w.rt.registry());
    const std::vector<int> numbers{1, 2};
    CHECK_THROWS_AS(by.tell_batch<collector>(numbers, [](int x) { return x == 1 ? "a" : "p"; }), std::logic_error);
    CHECK_THROWS_AS(by.tell_batch<collector>(numbers, [](int x) { return x == 1 ? "a" : "/"; }), std::invalid_argument);
    CHECK(w.rt.statistics().offered == 0);
}

TEST_CASE("a service gets messages in turn, and a stopped provider none") {
    world w(1);
    std::vector<int> first;
    std::vector<int> second;
    const auto a = w.rt.spawn<collector>(&first);
    const auto b = w.rt.spawn<collector>(&second);
    w.rt.registry().provide("s", a);
    w.rt.registry().provide("s", b);
    drover::router<> by(w.rt.registry());
    for (int each = 0; each != 10; ++each) {
        by.tell<collector>("s", each);
    }
    w.settle();
    CHECK(first.size() == 5);
    CHECK(second.size() == 5);
    a.stop();
    wait_until([&] { return a.stopped(); });
    for (int each = 0; each != 10; ++each) {
        CHECK(by.tell<collector>("s", each) == delivery::accepted);
    }
    w.settle();
    CHECK(second.size() == 15);
}

TEST_CASE("copies of what is told by a name go to whom they are promised") {
    world w(1);
    auto& names = w.rt.registry();
    std::vector<int> got;
    std::vector<int> copies;
    const auto a = w.rt.spawn<collector>(&got);
    const auto b = w.rt.spawn<collector>(&copies);
    names.add("n", a);
    drover::router<> by(names);
    by.tell<collector>("n", 1);
    names.tee<int>("n", b);
    by.tell<collector>("n", 2);
    const std::vector<int> more{3, 4};
    by.tell_batch<collector>(more, [](int) { return "n"; });
    CHECK(by.ask<collector>("n", std::string("no copy of asks")).get() == 15);
    names.replace("n", a);
    by.tell<collector>("n", std::make_unique<int>(5));  // another type
    CHECK(names.untee("n", b));
    CHECK_FALSE(names.untee("n", b));
    by.tell<collector>("n", 6);
    w.settle();
    CHECK(got == std::vector<int>{1, 2, 3, 4, 5, 6});
    CHECK(copies == std::vector<int>{2, 3, 4});
    CHECK(balanced(w));
}

TEST_CASE("a route by content takes the name from the message") {
    world w(1);
    std::vector<int> even;
    std::vector<int> odd;
    w.rt.registry().add("even", w.rt.spawn<collector>(&even));
    w.rt.registry().add("odd", w.rt.spawn<collector>(&odd));
    drover::router<> by(w.rt.registry());
    auto numbers = drover::route<collector>(by, [](int x) { return x % 2 == 0 ? "even" : "odd"; });
    for (int each = 0; each != 4; ++each) {
        CHECK(numbers.tell(each) == delivery::accepted);
    }
    auto texts = drover::route<collector>(by, [](const std::string& s) -> std::string_view { return s; });
    CHECK(texts.ask(std::string("odd")).get() == 3);
    CHECK(texts.ask(std::string("even"), std::chrono::seconds(1)).get() == 4);
    int kept = 4;
    CHECK(numbers.try_tell(kept) == delivery::accepted);
    by.forget();  // asks the registry anew
    const std::uint64_t misses = by.misses();
    kept = 5;
    CHECK(numbers.try_tell(kept) == delivery::accepted);
    CHECK(by.misses() == misses + 1);
    w.settle();
    CHECK(even == std::vector<int>{0, 2, 4});
    CHECK(odd == std::vector<int>{1, 3, 5});
}

TEST_CASE("a router outlives its runtime") {
    std::vector<int> got;
    std::optional<drover::router<>> by;
    {
        world w(1);
        w.rt.registry().add("n", w.rt.spawn<collector>(&got));
        by.emplace(w.rt.registry());
        by->tell<collector>("n", 1);
        w.settle();
    }
    CHECK(by->tell<collector>("n", 2) == delivery::no_target);
    CHECK(by->names().size() == 0);
    CHECK(by->names().names().empty());
    CHECK(got == std::vector<int>{1});
}

namespace {

// Runs code of the test's while it is moved into its envelope, once.
struct busy_message {
    std::function<void()>* meanwhile;
    explicit busy_message(std::function<void()>& code) : meanwhile(&code) {}
    busy_message(busy_message&& other) : meanwhile(std::exchange(other.meanwhile, nullptr)) {
        if (meanwhile != nullptr) {
            std::exchange(*meanwhile, [] {})();
        }
    }
};

struct busy_actor {
    void operator()(busy_message) {}
    void operator()(int) {}
};

}  // namespace

// Red (a use after free, under AddressSanitizer) if a nested send may drop entries of the cache.
TEST_CASE("a send inside a send of the same router leaves the outer one whole") {
    world w(1);
    using small_router = drover::router<drover::direct_mapped_cache<1>>;
    small_router by(w.rt.registry());
    w.rt.registry().add("other", w.rt.spawn<busy_actor>());
    w.rt.registry().add("gone", w.rt.spawn<busy_actor>());
    by.tell<busy_actor>("gone", 1);
    by.tell<busy_actor>("gone", 2);
    CHECK(by.hits() == 1);
    std::function<void()> meanwhile = [&] {
        const auto gone = w.rt.registry().find("gone");
        gone.stop();
        wait_until([&] { return !w.rt.registry().find("gone"); });
        CHECK(by.tell<busy_actor>("other", 3) == delivery::accepted);  // would take the only place in the cache
        w.rt.registry().core().free_retired();
    };
    CHECK(by.tell<busy_actor>("gone", busy_message(meanwhile)) == delivery::stopped);
    CHECK(by.hits() == 2);
    w.settle();
    CHECK(balanced(w));
}
