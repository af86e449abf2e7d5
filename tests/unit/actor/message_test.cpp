#include <drover/actor/message.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::world;

namespace {

template <std::size_t Bytes>
struct sized {
    std::array<unsigned char, Bytes> bytes;

    static sized filled(unsigned char with) {
        sized fresh;
        fresh.bytes.fill(with);
        return fresh;
    }
    bool is_filled(unsigned char with) const {
        for (const unsigned char each : bytes) {
            if (each != with) {
                return false;
            }
        }
        return true;
    }
};

template <std::size_t Alignment>
struct alignas(Alignment) aligned {
    int value;
    bool in_place() const { return reinterpret_cast<std::uintptr_t>(this) % Alignment == 0; }
};

template <class M>
bool arrives(world& w, M message, unsigned char with) {
    auto a = w.rt.spawn([with](const M& m) { return m.is_filled(with); });
    return a.ask(message).get() && a.tell(message) == drover::delivery::accepted;
}

// Counts the objects that live, so that nothing is destroyed twice or not at all.
struct counted {
    static inline std::atomic<int> alive{0};
    counted() { alive += 1; }
    counted(const counted&) { alive += 1; }
    counted(counted&&) noexcept { alive += 1; }
    counted& operator=(const counted&) = default;
    counted& operator=(counted&&) = default;
    ~counted() { alive -= 1; }
};

enum class moment { copy, move, parameter, destruction };

// Throws at the chosen moment. A message is moved into its envelope first and into a handler's parameter second.
template <std::size_t Padding>
struct thrower : counted {
    moment when;
    int moves = 0;
    bool gone = false;
    std::array<char, Padding> padding{};

    explicit thrower(moment at) : when(at) {}
    thrower(const thrower& other) : counted(other), when(other.when), moves(other.moves) {
        if (when == moment::copy) {
            throw std::runtime_error("thrown on copy");
        }
    }
    thrower(thrower&& other) : counted(other), when(other.when), moves(other.moves + 1) {
        if (when == moment::move || (when == moment::parameter && moves == 2)) {
            throw std::runtime_error("thrown on move");
        }
        other.gone = true;
    }
    thrower& operator=(const thrower&) = delete;
    thrower& operator=(thrower&&) = delete;
    ~thrower() noexcept(false) {
        if (when == moment::destruction && !gone && moves != 0) {
            when = moment::copy;
            throw std::runtime_error("thrown on destruction");
        }
    }
};

using small_thrower = thrower<1>;
using large_thrower = thrower<400>;

}  // namespace

TEST_CASE("messages of every size class arrive whole") {
    world w;
    CHECK(arrives(w, sized<1>::filled(1), 1));
    CHECK(arrives(w, sized<48>::filled(2), 2));  // the last that fits in 64 bytes
    CHECK(arrives(w, sized<49>::filled(3), 3));
    CHECK(arrives(w, sized<112>::filled(4), 4));  // 128
    CHECK(arrives(w, sized<113>::filled(5), 5));
    CHECK(arrives(w, sized<240>::filled(6), 6));  // 256
    CHECK(arrives(w, sized<241>::filled(7), 7));  // stands in an allocation of its own
    CHECK(arrives(w, sized<5000>::filled(8), 8));
    CHECK(w.finish());
}

TEST_CASE("over-aligned messages and replies keep their alignment") {
    world w;
    SECTION("a cache line") {
        auto a = w.rt.spawn([](const aligned<64>& m) { return aligned<64>{m.in_place() ? m.value : -1}; });
        auto reply = a.ask(aligned<64>{5}).get();
        CHECK(reply.value == 5);
        CHECK(reply.in_place());
    }
    SECTION("more than a cache line") {
        auto a = w.rt.spawn([](const aligned<256>& m) { return aligned<256>{m.in_place() ? m.value : -1}; });
        auto reply = a.ask(aligned<256>{6}).get();
        CHECK(reply.value == 6);
        CHECK(reply.in_place());
    }
}

TEST_CASE("empty and move-only messages") {
    world w;
    struct tick {};
    auto a = w.rt.spawn(
        drover::overload{[n = 0](tick) mutable { return ++n; }, [](std::unique_ptr<std::string> s) { return s; }});
    a.tell(tick{});
    CHECK(a.ask(tick{}).get() == 2);
    CHECK(*a.ask(std::make_unique<std::string>("moved")).get() == "moved");
}

TEST_CASE("a message is destroyed when its handler returns, not when the next one comes") {
    world w;
    {
        auto a = w.rt.spawn([](const counted&) { return 0; });
        a.tell(counted{});
        w.settle();
        CHECK(counted::alive == 0);
        CHECK(a.ask(counted{}).get() == 0);
        w.settle();
        CHECK(counted::alive == 0);
    }
}

TEMPLATE_TEST_CASE("a message that throws on copy or move is not sent, and the sender hears of it", "", small_thrower,
                   large_thrower) {
    world w;
    int handled = 0;
    auto a = w.rt.spawn([&handled](const TestType&) { return ++handled; });
    {
        TestType copies(moment::copy);
        CHECK_THROWS_AS(a.tell(copies), std::runtime_error);
        CHECK_THROWS_AS(a.ask(copies), std::runtime_error);
        TestType moves(moment::move);
        CHECK_THROWS_AS(a.tell(std::move(moves)), std::runtime_error);
        CHECK_THROWS_AS(static_cast<void>(a.try_tell(moves)), std::runtime_error);
        CHECK_THROWS_AS(a.ask(std::move(moves)), std::runtime_error);
        TestType second(moment::parameter);  // an ask moves twice: into the call, into the envelope
        CHECK_THROWS_AS(a.ask(std::move(second)), std::runtime_error);
    }
    CHECK(counted::alive == 0);
    CHECK(w.rt.statistics().offered == 0);
    CHECK(w.finish());
    CHECK(handled == 0);
    CHECK(w.heard.letters().empty());
    CHECK(w.heard.failures().empty());
}

TEMPLATE_TEST_CASE("a handler's parameter whose move throws is a failure of the handler", "", small_thrower,
                   large_thrower) {
    world w;
    auto a = w.rt.spawn([](TestType) {});
    a.tell(TestType(moment::parameter));
    drover_test::wait_until([&] { return a.stopped(); });
    CHECK(w.finish());
    REQUIRE(w.heard.failures().size() == 1);
    CHECK(w.heard.failures().front().what == "thrown on move");
    CHECK(w.heard.dead(drover::dead_letter_reason::failed) == 1);
    CHECK(counted::alive == 0);
}

TEMPLATE_TEST_CASE("a destructor that throws after the handler is its failure", "", small_thrower, large_thrower) {
    world w;
    auto a = w.rt.spawn([](const TestType&) {});
    a.tell(TestType(moment::destruction));
    drover_test::wait_until([&] { return a.stopped(); });
    CHECK(w.finish());
    REQUIRE(w.heard.failures().size() == 1);
    CHECK(w.heard.failures().front().what == "thrown on destruction");
    CHECK(counted::alive == 0);
}

TEMPLATE_TEST_CASE("a destructor that throws while a message becomes a dead letter is reported and harms nobody", "",
                   small_thrower, large_thrower) {
    drover_test::door entered;
    drover_test::door leave;
    world w(1);
    auto a = w.rt.spawn(drover::overload{[&](int) {
                                             entered.open();
                                             leave.pass();
                                         },
                                         [](const TestType&) { return 1; }});
    auto other = w.rt.spawn([](int n) { return n; });
    a.tell(1);
    entered.pass();
    a.tell(TestType(moment::destruction));
    auto asked = a.ask(TestType(moment::destruction));
    a.stop();
    leave.open();
    CHECK(asked.result().error().code == drover::ask_error::actor_stopped);
    CHECK(other.ask(5).get() == 5);
    CHECK(w.finish());
    CHECK(w.heard.failures().size() == 2);
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 2);
    CHECK(counted::alive == 0);
}

TEMPLATE_TEST_CASE("an asked handler that throws, or whose message's destructor does, answers first", "", small_thrower,
                   large_thrower) {
    world w;
    SECTION("the handler") {
        auto a = w.rt.spawn([](const TestType&) -> int { throw std::logic_error("from the handler"); });
        const auto outcome = a.ask(TestType(moment::copy)).result();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == drover::ask_error::handler_threw);
        CHECK(drover::describe(outcome.error().exception) == "from the handler");
    }
    SECTION("the destructor comes after the reply") {
        auto a = w.rt.spawn([](const TestType&) { return 8; });
        CHECK(a.ask(TestType(moment::destruction)).get() == 8);
        drover_test::wait_until([&] { return a.stopped(); });
    }
    CHECK(w.finish());
    CHECK(w.heard.failures().size() == 1);
    CHECK(counted::alive == 0);
}
