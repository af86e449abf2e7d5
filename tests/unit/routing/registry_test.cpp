#include <drover/routing/registry.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::handle;
using drover::lookup_error;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct clerk {
    int operator()(int x) { return x + 1; }
};

struct porter {
    void operator()(std::string) {}
};

std::string message_of(const std::exception_ptr& thrown) {
    return drover::describe(thrown);
}

template <class Code>
std::string sentence(Code code) {
    try {
        code();
    } catch (...) {
        return message_of(std::current_exception());
    }
    return "no exception";
}

template <class A>
void stop_and_wait(world& w, const drover::ref<A>& actor, std::string_view name) {
    actor.stop();
    wait_until([&] { return !w.rt.registry().find(name); });
}

}  // namespace

TEST_CASE("a name leads to its actor until it is removed") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    CHECK_FALSE(names.find("orders/eu"));
    names.add("orders/eu", a);
    CHECK(names.size() == 1);
    CHECK(names.find("orders/eu") == a);
    CHECK(names.find(drover::address("orders/eu")) == a);
    CHECK(names.lookup<clerk>("orders/eu").value() == a);
    names.add("orders/eu", a);  // has it already
    CHECK(names.remove("orders/eu"));
    CHECK_FALSE(names.remove("orders/eu"));
    CHECK_FALSE(names.find("orders/eu"));
    CHECK(names.size() == 0);
}

TEST_CASE("a look-up that fails says why") {
    world w(1);
    auto& names = w.rt.registry();
    names.add("a", w.rt.spawn<clerk>());
    const auto unknown = names.lookup<clerk>("b");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == lookup_error::unknown_name);
    CHECK(to_string(unknown.error()).find("the name \"b\" is held by nobody") != std::string::npos);
    const auto wrong = names.lookup<porter>("a");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == lookup_error::wrong_type);
    CHECK(to_string(wrong.error()).find("is held by a ") != std::string::npos);
    CHECK(to_string(wrong.error()).find("clerk") != std::string::npos);
    CHECK(to_string(wrong.error()).find("porter") != std::string::npos);
    CHECK_THROWS_AS(names.find("a//b"), std::invalid_argument);
    CHECK_THROWS_AS(names.lookup<clerk>(""), std::invalid_argument);
    CHECK_THROWS_AS(names.add("#7", names.find("a")), std::logic_error);
}

TEST_CASE("a name that another actor holds is refused, and replaced on demand") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    const auto b = w.rt.spawn<porter>();
    names.add("n", a);
    const std::string refusal = sentence([&] { names.add("n", b); });
    CHECK(refusal.find("clerk #1") != std::string::npos);
    CHECK(refusal.find("porter #2") != std::string::npos);
    names.replace("n", b);
    CHECK(names.find("n") == b);
    CHECK_FALSE(names.remove("n", a));
    CHECK(names.remove("n", b));
    names.replace("n", a);
    CHECK(names.find("n") == a);
    // The one that was replaced has given the name up: its end takes nothing away.
    b.stop();
    wait_until([&] { return b.stopped(); });
    CHECK(names.find("n") == a);
}

TEST_CASE("an actor that stops gives up all its names") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    for (int each = 0; each != 100; ++each) {
        names.add("n/" + std::to_string(each), a);
    }
    CHECK(names.size() == 100);
    a.stop();
    wait_until([&] { return names.size() == 0; });
    CHECK(names.names().empty());
    CHECK(sentence([&] { names.add("n", a); }).find("which has stopped") != std::string::npos);
    CHECK(sentence([&] { names.provide("n", a); }).find("which has stopped") != std::string::npos);
    CHECK(sentence([&] { names.add("n", handle()); }).find("empty ref") != std::string::npos);
}

TEST_CASE("names are listed by whole segments") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    for (const char* each : {"orders", "orders/eu", "orders/eu/1", "orders2", "order"}) {
        names.add(each, a);
    }
    static_cast<void>(names.anonymous(a));
    using list = std::vector<std::string>;
    CHECK(names.names("orders") == list{"orders", "orders/eu", "orders/eu/1"});
    CHECK(names.names("orders/") == list{"orders/eu", "orders/eu/1"});
    CHECK(names.names("orders/eu") == list{"orders/eu", "orders/eu/1"});
    CHECK(names.names() == list{"order", "orders", "orders/eu", "orders/eu/1", "orders2"});
    CHECK(names.names("ord").empty());
    CHECK_THROWS_AS(names.names("a//"), std::invalid_argument);
}

TEST_CASE("an actor without a name has an address as long as it lives") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    const drover::address name = names.anonymous(a);
    CHECK(name.text() == "#1");
    CHECK(names.anonymous(a) == name);
    CHECK(names.find(name) == a);
    CHECK(names.find("#1") == a);
    stop_and_wait(w, a, "#1");
}

TEST_CASE("a service goes round its providers, and forgets those that stop") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    const auto b = w.rt.spawn<clerk>();
    const auto c = w.rt.spawn<porter>();
    names.provide("s", a);
    names.provide("s", a);
    names.provide("s", b);
    CHECK(names.providers<clerk>("s") == std::vector{a, b});
    const handle first = names.find("s");
    const handle second = names.find("s");
    CHECK(first != second);
    CHECK(names.find("s") == first);
    names.provide("s", c);
    CHECK(names.providers<clerk>("s").size() == 2);
    CHECK(names.providers<porter>("s").size() == 1);
    CHECK(names.withdraw("s", c));
    CHECK_FALSE(names.withdraw("s", c));
    a.stop();
    wait_until([&] { return names.providers<clerk>("s").size() == 1; });
    CHECK(names.find("s") == b);
    CHECK(names.find("s") == b);
    CHECK(sentence([&] { names.add("s", c); }).find("is a service of") != std::string::npos);
    stop_and_wait(w, b, "s");
    wait_until([&] { return names.providers<clerk>("s").empty(); });
    names.add("s", c);
    CHECK(sentence([&] { names.provide("s", w.rt.spawn<clerk>()); }).find("alone") != std::string::npos);
}

TEST_CASE("a redirected name leads where its goal leads, now and later") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    const auto b = w.rt.spawn<clerk>();
    names.add("old", b);
    names.redirect("old", "new");
    CHECK_FALSE(names.find("old"));
    names.add("new", a);
    CHECK(names.find("old") == a);
    names.redirect("older", "old");
    CHECK(names.find("older") == a);
    CHECK(sentence([&] { names.redirect("new", "older"); }).find("would close a loop") != std::string::npos);
    CHECK(sentence([&] { names.redirect("x", "x"); }).find("would close a loop") != std::string::npos);
    names.replace("new", b);
    CHECK(names.find("older") == b);
    names.replace("new", a);
    stop_and_wait(w, a, "older");
    CHECK(names.unredirect("old"));
    CHECK_FALSE(names.unredirect("old"));
    CHECK(names.find("old") == b);
    CHECK(names.find("older") == b);
    names.redirect("older", "elsewhere");
    CHECK_FALSE(names.find("older"));
    stop_and_wait(w, b, "old");
    wait_until([&] { return names.size() == 0; });
}

TEST_CASE("a redirection to a service goes round it") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    const auto b = w.rt.spawn<clerk>();
    names.redirect("alias", "s");
    names.provide("s", a);
    names.provide("s", b);
    CHECK(names.find("alias") != names.find("alias"));
}

TEST_CASE("who wishes to hear of a name hears of it once") {
    world w(1);
    auto& names = w.rt.registry();
    struct listener {
        void operator()(drover::name_registered found) {
            heard->push_back(found.name);
            *actor = found.actor;
            count->fetch_add(1);
        }
        std::vector<std::string>* heard;
        handle* actor;
        std::atomic<int>* count;
    };
    std::vector<std::string> heard;
    handle actor;
    std::atomic<int> count{0};
    const auto l = w.rt.spawn<listener>(&heard, &actor, &count);
    names.notify("later", l);
    const auto a = w.rt.spawn<clerk>();
    names.add("other", a);
    names.add("later", a);
    wait_until([&] { return count == 1; });
    CHECK(heard == std::vector<std::string>{"later"});
    CHECK(actor == a);
    names.notify("other", l);  // it is there
    wait_until([&] { return count == 2; });
    names.remove("later");
    names.add("later", a);
    w.settle();
    CHECK(count == 2);
    names.notify("never", l);
}

TEST_CASE("a thread waits until a name appears, or its time is over, or the runtime drains") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<clerk>();
    SECTION("it is there") {
        names.add("n", a);
        CHECK(names.wait_for<clerk>("n", std::chrono::seconds(0)).value() == a);
        CHECK(names.wait_for<porter>("n", std::chrono::seconds(0)).error().code == lookup_error::wrong_type);
    }
    // Catch2 counts on one thread only.
    using outcome = drover::expected<drover::ref<clerk>, lookup_error>;
    std::optional<outcome> waited;
    const auto wait = [&] { waited = names.wait_for<clerk>("n", std::chrono::seconds(1)); };
    SECTION("it appears") {
        std::thread waiter(wait);
        names.add("m", a);
        names.add("n", a);
        waiter.join();
        CHECK(waited->value() == a);
    }
    SECTION("the time is over") {
        std::atomic<bool> done{false};
        std::thread waiter([&] {
            wait();
            done = true;
        });
        while (!done) {
            w.clock.advance(std::chrono::milliseconds(100));
            std::this_thread::yield();
        }
        waiter.join();
        CHECK(waited->error().code == lookup_error::timed_out);
    }
    SECTION("the runtime drains") {
        std::thread waiter(wait);
        CHECK(w.finish());
        waiter.join();
        CHECK(waited->error().code == lookup_error::stopped);
        CHECK(sentence([&] { names.add("n", a); }).find("drains or has stopped") != std::string::npos);
    }
    SECTION("a worker may not wait") {
        std::atomic<int> code{-1};
        const auto asker = w.rt.spawn([&](int, drover::context& turn) {
            code = turn.registry().wait_for<clerk>("n", std::chrono::seconds(1)).error().code;
        });
        asker.tell(1);
        wait_until([&] { return code != -1; });
        CHECK(code == lookup_error::would_deadlock);
    }
}

TEST_CASE("an actor of another runtime is refused") {
    world one(1);
    world other(1);
    const auto a = other.rt.spawn<clerk>();
    CHECK(sentence([&] { one.rt.registry().add("n", a); }).find("another runtime") != std::string::npos);
}

TEST_CASE("what the names hold is given back with the runtime") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(1);
        auto& names = w.rt.registry();
        const auto a = w.rt.spawn<clerk>();
        const auto b = w.rt.spawn<clerk>();
        const auto p = w.rt.spawn<porter>();
        for (int each = 0; each != 1000; ++each) {
            names.add("n/" + std::to_string(each), each % 2 == 0 ? a : b);
        }
        names.redirect("x", "n/1");
        names.tee<std::string>("n/2", p);
        names.provide("s", a);
        names.provide("s", b);
        names.notify("never", w.rt.spawn([](drover::name_registered) {}));
    }
    CHECK(drover_test::blocks_in_use() == before);
}
