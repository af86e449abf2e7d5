#include <drover/actor/ref.hpp>

#include <list>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::delivery;
using drover_test::door;
using drover_test::world;

namespace {

struct declared_first;

// A ref to a type that is not complete yet can be kept, copied, compared and passed on.
struct keeper {
    drover::ref<declared_first> to;
    bool operator()(int);
    explicit operator bool() const { return static_cast<bool>(to); }
};

bool same(const keeper& a, const keeper& b) {
    return a.to == b.to && a.to.id() == b.to.id();
}

struct declared_first {
    int operator()(int n) const { return n * 2; }
};

bool keeper::operator()(int n) {
    return to.tell(n) == delivery::accepted;
}

// Collects what it is told, in order.
struct collector {
    std::vector<std::string>* into;
    void operator()(std::string text) { into->push_back(std::move(text)); }
    std::size_t operator()(int) { return into->size(); }
};

struct copy_bomb {
    int number;
    explicit copy_bomb(int n) : number(n) {}
    copy_bomb(const copy_bomb& other) : number(other.number) {
        if (number == 3) {
            throw std::runtime_error("the third copy");
        }
    }
    copy_bomb(copy_bomb&&) noexcept = default;
    copy_bomb& operator=(const copy_bomb&) = default;
    copy_bomb& operator=(copy_bomb&&) = default;
    ~copy_bomb() = default;
};

// An actor that has stopped, and whose mailbox is closed.
template <class A>
drover::ref<A> stopped_one(world& w) {
    auto a = w.rt.spawn<A>();
    a.stop();
    drover_test::await_closed(a);
    return a;
}

}  // namespace

TEST_CASE("a ref may name a type that is defined later") {
    world w;
    const auto target = w.rt.spawn<declared_first>();
    const auto a = w.rt.spawn<keeper>(target);
    CHECK(a.ask(3).get());
    CHECK(same(keeper{target}, keeper{target}));
    CHECK(keeper{target});
    CHECK_FALSE(keeper{});
    CHECK(target.ask(4).get() == 8);
}

TEST_CASE("an empty ref answers no_target and takes nothing") {
    const drover::ref<collector> nobody;
    CHECK(nobody.tell(std::string("x")) == delivery::no_target);
    std::string kept = "kept";
    CHECK(nobody.try_tell(kept) == delivery::no_target);
    CHECK(kept == "kept");
    CHECK(nobody.tell_batch(std::vector<std::string>{"x"}) == delivery::no_target);
    CHECK(nobody.ask(1).result().error().code == drover::ask_error::no_target);
    CHECK(nobody.ask(1, std::chrono::seconds(1)).result().error().code == drover::ask_error::no_target);
}

TEST_CASE("tell moves an rvalue and copies an lvalue; messages of one sender arrive in order") {
    world w;
    std::vector<std::string> got;
    const auto a = w.rt.spawn<collector>(&got);
    std::string mine = "a string that is too long to stand inside the string object";
    CHECK(a.tell(mine) == delivery::accepted);
    CHECK_FALSE(mine.empty());
    const std::string constant = "constant";
    CHECK(a.tell(constant) == delivery::accepted);
    CHECK(a.tell(std::move(mine)) == delivery::accepted);
    CHECK(mine.empty());  // NOLINT(bugprone-use-after-move): that it was moved is what is tested
    CHECK(a.ask(0).get() == 3);
    CHECK(got.front() == got.back());
    CHECK(got[1] == "constant");
}

TEST_CASE("try_tell moves the message when it is accepted and leaves it when not") {
    world w;
    std::vector<std::string> got;
    const auto a = w.rt.spawn<collector>(&got);
    std::string message = "first, and long enough to need memory of its own";
    CHECK(a.try_tell(message) == delivery::accepted);
    CHECK(message.empty());
    a.stop();
    drover_test::wait_until([&] { return a.stopped(); });
    message = "second, and long enough to need memory of its own";
    CHECK(a.try_tell(message) == delivery::stopped);
    CHECK(message == "second, and long enough to need memory of its own");
    w.settle();  // the first may be a dead letter
    const auto accounts = w.rt.statistics();
    CHECK(accounts.offered == 2);
    CHECK(accounts.returned == 1);
    CHECK(accounts.dead() == 2 - accounts.returned - accounts.handled);
}

TEST_CASE("what is told to a stopped actor is a dead letter with its type and the actor's name") {
    world w;
    const auto a = stopped_one<declared_first>(w);
    CHECK(a.tell(7) == delivery::stopped);
    CHECK(a.tell_batch(std::vector<int>{1, 2}) == delivery::stopped);
    CHECK(a.ask(8).result().error().code == drover::ask_error::actor_stopped);
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 4);
    for (const auto& each : letters) {
        CHECK(each.reason == drover::dead_letter_reason::stopped);
        CHECK(each.message == "int");
        CHECK(each.id == a.id());
        CHECK(each.actor == a.name());
    }
}

TEST_CASE("tell_batch sends a range as one, in order") {
    world w(1);
    std::vector<std::string> got;
    const auto a = w.rt.spawn<collector>(&got);
    const std::string long_text(100, 'x');
    SECTION("an lvalue is copied") {
        std::vector<std::string> texts{long_text, "b", "c"};
        CHECK(a.tell_batch(texts) == delivery::accepted);
        CHECK(texts == std::vector<std::string>{long_text, "b", "c"});
        CHECK(a.ask(0).get() == 3);
        CHECK(got == texts);
    }
    SECTION("an rvalue is moved") {
        std::list<std::string> texts{long_text, "b"};
        std::string* const first = &texts.front();
        const char* const memory = first->data();
        CHECK(a.tell_batch(std::move(texts)) == delivery::accepted);
        CHECK(a.ask(0).get() == 2);
        CHECK(got.front().data() == memory);
    }
    SECTION("a view is copied even as an rvalue") {
        std::vector<std::string> texts{long_text, "b"};
        CHECK(a.tell_batch(std::span(texts)) == delivery::accepted);
        CHECK(texts.front() == long_text);
        CHECK(a.ask(0).get() == 2);
    }
    SECTION("a view that makes its elements") {
        auto made = std::views::iota(0, 5) | std::views::transform([](int n) { return std::to_string(n); });
        CHECK(a.tell_batch(made) == delivery::accepted);
        CHECK(a.ask(0).get() == 5);
        CHECK(got.back() == "4");
    }
    SECTION("an empty one sends nothing") {
        CHECK(a.tell_batch(std::vector<std::string>{}) == delivery::accepted);
        CHECK(w.rt.statistics().offered == 0);
        CHECK(a.ask(0).get() == 0);
    }
}

TEST_CASE("tell_batch takes move-only messages and ranges with proxies") {
    world w;
    auto pointers = w.rt.spawn([sum = 0](std::unique_ptr<int> p) mutable { return sum += *p; });
    std::vector<std::unique_ptr<int>> some;
    some.push_back(std::make_unique<int>(1));
    some.push_back(std::make_unique<int>(2));
    CHECK(pointers.tell_batch(std::move(some)) == delivery::accepted);
    CHECK(pointers.ask(std::make_unique<int>(3)).get() == 6);

    auto flags = w.rt.spawn(drover::overload{[n = 0](bool b) mutable { return n = 2 * n + (b ? 1 : 0); }});
    CHECK(flags.tell_batch(std::vector<bool>{true, false, true}) == delivery::accepted);
    CHECK(flags.ask(true).get() == 11);
}

TEST_CASE("a batch of which one copy throws is not sent at all, and leaves nothing behind") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w;
        int handled = 0;
        auto a = w.rt.spawn([&handled](const copy_bomb&) { ++handled; });
        std::vector<copy_bomb> bombs;
        for (int n = 1; n != 5; ++n) {
            bombs.emplace_back(n);
        }
        CHECK_THROWS_WITH(a.tell_batch(bombs), "the third copy");
        CHECK(w.rt.statistics().offered == 0);
        CHECK(w.finish());
        CHECK(handled == 0);
        CHECK(w.heard.letters().empty());
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a batch is not interleaved with others") {
    world w(1);
    std::vector<std::string> got;
    const auto a = w.rt.spawn<collector>(&got);
    std::vector<std::thread> senders;
    for (const char* name : {"a", "b", "c"}) {
        senders.emplace_back([a, name] { a.tell_batch(std::vector<std::string>(50, name)); });
    }
    for (auto& each : senders) {
        each.join();
    }
    CHECK(a.ask(0).get() == 150);
    int changes = 0;
    for (std::size_t each = 1; each != got.size(); ++each) {
        changes += got[each] != got[each - 1] ? 1 : 0;
    }
    CHECK(changes == 2);
}

TEST_CASE("after drain and after the runtime's end sends from outside are refused and counted") {
    drover::ref<declared_first> kept;
    {
        world w;
        kept = w.rt.spawn<declared_first>();
        CHECK(w.finish());
        CHECK(kept.tell(1) == delivery::stopped);
        int two = 2;
        CHECK(kept.try_tell(two) == delivery::stopped);
        CHECK(kept.tell_batch(std::vector<int>{3, 4}) == delivery::stopped);
        CHECK(kept.ask(5).result().error().code == drover::ask_error::actor_stopped);
        CHECK(kept.ask(5, std::chrono::seconds(1)).result().error().code == drover::ask_error::actor_stopped);
        const auto accounts = w.rt.statistics();
        CHECK(accounts.offered == 6);
        CHECK(accounts.returned == 1);
        CHECK(accounts.dead(drover::dead_letter_reason::stopped) == 5);
        CHECK(accounts.pending == 0);
        CHECK(w.heard.letters().size() == 5);
        CHECK_FALSE(kept.stopped());
    }
    CHECK(kept.stopped());
    CHECK(kept.tell(1) == delivery::stopped);
    int two = 2;
    CHECK(kept.try_tell(two) == delivery::stopped);
    CHECK(kept.tell_batch(std::vector<int>{3, 4}) == delivery::stopped);
    auto late = kept.ask(5, std::chrono::seconds(1));
    CHECK(late.result().error().code == drover::ask_error::actor_stopped);
    CHECK(kept.ask(5).get_for(std::chrono::seconds(1)).error().code == drover::ask_error::actor_stopped);
}
