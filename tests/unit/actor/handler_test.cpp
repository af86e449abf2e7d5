#include <drover/actor/handler.hpp>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover::features;
using drover_test::world;

namespace {

struct tracked {
    int value = 0;
    bool copied = false;
    tracked() = default;
    explicit tracked(int v) : value(v) {}
    tracked(const tracked& other) : value(other.value), copied(true) {}
    tracked(tracked&& other) noexcept : value(other.value), copied(other.copied) {}
    tracked& operator=(const tracked&) = delete;
    tracked& operator=(tracked&&) = delete;
    ~tracked() = default;
};

template <class T>
constexpr bool exists(bool expected = true) {
    return drover::handler_traits<T, int, features>::exists == expected;
}

int free_function(int n) {
    return n + 1;
}

struct base_handlers {
    virtual ~base_handlers() = default;
    virtual int operator()(int n) { return n; }
};
struct overriding final : base_handlers {
    int operator()(int n) override { return 10 * n; }
};

struct many {
    std::string operator()(int) { return "int"; }
    std::string operator()(const std::string&) { return "string"; }
    std::string operator()(std::unique_ptr<int>) { return "pointer"; }
    std::string operator()(const std::vector<int>&, context&) { return "vector"; }
};

struct ambiguous {
    void operator()(long) {}
    void operator()(double) {}
};
struct both_forms {
    void operator()(int) {}
    void operator()(int, context&) {}
};
struct ambiguous_with_context {
    void operator()(long, context&) {}
    void operator()(double, context&) {}
};
struct nothing_for_int {
    void operator()(const std::string&) {}
};
struct converts {
    long operator()(long n) { return n; }
};
struct lvalue_only {
    void operator()(int&) {}
};
struct ref_qualified {
    int operator()(int n) & { return n; }
};
struct constant {
    const int& operator()(const int& n) const noexcept {
        static int kept = 0;
        kept = n;
        return kept;
    }
};
struct immovable {
    immovable() = default;
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
    ~immovable() = default;
};
struct takes_immovable {
    void operator()(const immovable&) {}
    immovable operator()(int) { return {}; }
};

template <class R>
using reply_to_int = drover::reply_type<R, int, features>;

}  // namespace

TEST_CASE("a handler exists exactly where a call is well formed and single") {
    STATIC_REQUIRE(exists<many>());
    STATIC_REQUIRE(exists<base_handlers>());
    STATIC_REQUIRE(exists<overriding>());
    STATIC_REQUIRE(exists<converts>());
    STATIC_REQUIRE(exists<ref_qualified>());
    STATIC_REQUIRE(exists<constant>());
    STATIC_REQUIRE(exists<decltype(&free_function)>());
    STATIC_REQUIRE(exists<nothing_for_int>(false));
    STATIC_REQUIRE(exists<lvalue_only>(false));
    STATIC_REQUIRE(exists<ambiguous>(false));
    STATIC_REQUIRE(exists<both_forms>(false));
    STATIC_REQUIRE(drover::handler_traits<ambiguous, int, features>::ambiguous);
    STATIC_REQUIRE(drover::handler_traits<both_forms, int, features>::ambiguous);
    STATIC_REQUIRE(drover::handler_traits<ambiguous_with_context, int, features>::ambiguous);
    STATIC_REQUIRE_FALSE(drover::handler_traits<nothing_for_int, int, features>::ambiguous);
    STATIC_REQUIRE_FALSE(drover::handler_traits<ambiguous, long, features>::ambiguous);
    STATIC_REQUIRE_FALSE(drover::handler_traits<decltype(&free_function), std::string, features>::exists);
}

TEST_CASE("the concepts agree with what can be sent and asked") {
    STATIC_REQUIRE(drover::handles<many, std::unique_ptr<int>, features>);
    STATIC_REQUIRE(drover::answers<many, std::vector<int>, features>);
    STATIC_REQUIRE(drover::handles<nothing_for_int, std::string, features>);
    STATIC_REQUIRE_FALSE(drover::answers<nothing_for_int, std::string, features>);  // void
    STATIC_REQUIRE_FALSE(drover::handles<nothing_for_int, int, features>);
    STATIC_REQUIRE_FALSE(drover::handles<takes_immovable, immovable, features>);
    STATIC_REQUIRE(drover::handles<takes_immovable, int, features>);
    STATIC_REQUIRE_FALSE(drover::answers<takes_immovable, int, features>);  // a reply that cannot be moved
    STATIC_REQUIRE(drover::check_tell<many, int, features>());
    STATIC_REQUIRE(drover::check_ask<many, int, features>());
}

TEST_CASE("the reply type is what the handler returns, without reference and const; later<R> stands for R") {
    STATIC_REQUIRE(std::is_same_v<reply_to_int<constant>, int>);
    STATIC_REQUIRE(std::is_same_v<reply_to_int<many>, std::string>);
    auto later = [](int, context&) -> drover::later<std::string> { return {}; };
    STATIC_REQUIRE(std::is_same_v<reply_to_int<decltype(later)>, std::string>);
    auto constant_later = [](int) -> const drover::later<long> { return {}; };
    STATIC_REQUIRE(std::is_same_v<reply_to_int<decltype(constant_later)>, long>);
    STATIC_REQUIRE(drover::is_later<drover::later<int>>);
    STATIC_REQUIRE_FALSE(drover::is_later<int>);
    auto array = [](int) -> const char(&)[4] { return "abc"; };
    STATIC_REQUIRE(std::is_same_v<reply_to_int<decltype(array)>, const char*>);
}

TEST_CASE("started and stopped are found when present and never required") {
    struct with_both {
        void operator()(int) {}
        void started(context&) {}
        void stopped(drover::stop_reason) {}
    };
    struct by_reference {
        void stopped(const drover::stop_reason&) {}
    };
    STATIC_REQUIRE(drover::has_started<with_both, features>);
    STATIC_REQUIRE(drover::has_stopped<with_both>);
    STATIC_REQUIRE(drover::has_stopped<by_reference>);
    STATIC_REQUIRE_FALSE(drover::has_started<many, features>);
    STATIC_REQUIRE_FALSE(drover::has_stopped<many>);
    STATIC_REQUIRE_FALSE(drover::has_started<decltype(&free_function), features>);
}

TEST_CASE("a message reaches each form of handler") {
    world w;
    SECTION("by value, moved and not copied") {
        auto a = w.rt.spawn([](tracked t) { return t.copied ? -1 : t.value; });
        CHECK(a.ask(tracked(3)).get() == 3);
    }
    SECTION("by const reference") {
        auto a = w.rt.spawn([](const tracked& t) { return t.copied ? -1 : t.value; });
        CHECK(a.ask(tracked(4)).get() == 4);
    }
    SECTION("by rvalue reference") {
        auto a = w.rt.spawn([](tracked&& t) { return t.copied ? -1 : t.value; });
        CHECK(a.ask(tracked(5)).get() == 5);
    }
    SECTION("by value with the context") {
        auto a = w.rt.spawn([](tracked t, context& c) { return t.copied ? drover::actor_id::none : c.self().id(); });
        CHECK(a.ask(tracked(6)).get() == a.id());
    }
    SECTION("by const reference with the context") {
        auto a = w.rt.spawn([](const tracked&, context& c) { return c.self().id(); });
        CHECK(a.ask(tracked(7)).get() == a.id());
    }
    SECTION("by rvalue reference with the context") {
        auto a = w.rt.spawn([](tracked&&, context& c) { return c.self().id(); });
        CHECK(a.ask(tracked(8)).get() == a.id());
    }
    SECTION("an lvalue that is told is copied once, and the sender keeps it") {
        auto a = w.rt.spawn([](const tracked& t) { return t.copied ? t.value : -1; });
        const tracked mine(9);
        CHECK(a.ask(mine).get() == 9);
        CHECK(mine.value == 9);
    }
}

TEST_CASE("each kind of callable is an actor") {
    world w;
    SECTION("a set of call operators picks by the message") {
        auto a = w.rt.spawn<many>();
        CHECK(a.ask(1).get() == "int");
        CHECK(a.ask(std::string("x")).get() == "string");
        CHECK(a.ask(std::make_unique<int>(1)).get() == "pointer");
        CHECK(a.ask(std::vector<int>{1}).get() == "vector");
    }
    SECTION("overload of lambdas, with and without the context") {
        auto a = w.rt.spawn(
            drover::overload{[](int n) { return n; }, [](const std::string& s, context&) { return s.size(); }});
        CHECK(a.ask(2).get() == 2);
        CHECK(a.ask(std::string("four")).get() == 4);
    }
    SECTION("a generic lambda") {
        auto a = w.rt.spawn([](auto n) { return n + n; });
        CHECK(a.ask(2).get() == 4);
        CHECK(a.ask(std::string("ab")).get() == "abab");
    }
    SECTION("a generic lambda with the context") {
        auto a = w.rt.spawn([](const auto& n, context& c) { return std::to_string(n) + (c.self() ? "!" : "?"); });
        CHECK(a.ask(7).get() == "7!");
    }
    SECTION("a mutable lambda keeps its state") {
        auto a = w.rt.spawn([sum = 0](int n) mutable { return sum += n; });
        a.tell(1);
        a.tell(2);
        CHECK(a.ask(3).get() == 6);
    }
    SECTION("a function and a function pointer") {
        CHECK(w.rt.spawn(free_function).ask(1).get() == 2);
        CHECK(w.rt.spawn(&free_function).ask(2).get() == 3);
    }
    SECTION("a final class with a virtual call operator") {
        CHECK(w.rt.spawn<overriding>().ask(4).get() == 40);
    }
    SECTION("a handler that returns a reference gives a copy") {
        CHECK(w.rt.spawn<constant>().ask(5).get() == 5);
    }
    SECTION("a call operator for lvalues") {
        CHECK(w.rt.spawn<ref_qualified>().ask(6).get() == 6);
    }
    SECTION("the message converts as an argument does") {
        CHECK(w.rt.spawn<converts>().ask(7).get() == 7L);
    }
}
