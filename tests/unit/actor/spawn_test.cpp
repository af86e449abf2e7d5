#include <drover/actor/spawn.hpp>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/world.hpp"

using drover::context;
using drover::spawn_options;
using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct aggregate {
    int first = 1;
    std::string second = "two";
    std::vector<int> third{};
    int operator()(int n) const { return n + first + static_cast<int>(second.size() + third.size()); }
};

class with_constructor final {
public:
    with_constructor(std::unique_ptr<int> p, const std::string& text) : sum_(*p + static_cast<int>(text.size())) {}
    int operator()(int n) const { return n + sum_; }

private:
    int sum_;
};

struct pinned_down {
    pinned_down() = default;
    pinned_down(const pinned_down&) = delete;
    pinned_down& operator=(const pinned_down&) = delete;
    const pinned_down* operator()(int) const { return this; }
};

struct alignas(256) wide {
    char fill[600] = {};
    bool operator()(int) const { return reinterpret_cast<std::uintptr_t>(this) % 256 == 0; }
};

struct refusing {
    static inline int alive = 0;
    struct part {
        part() { ++alive; }
        ~part() { --alive; }
        part(const part&) = delete;
        part& operator=(const part&) = delete;
    } first{};
    explicit refusing(bool refuse) {
        if (refuse) {
            throw std::invalid_argument("refused");
        }
    }
    int operator()(int n) const { return n; }
};

}  // namespace

TEST_CASE("an actor is made from what its type is made from") {
    world w;
    CHECK(w.rt.spawn<aggregate>().ask(1).get() == 5);
    CHECK(w.rt.spawn<aggregate>(10).ask(1).get() == 14);
    CHECK(w.rt.spawn<aggregate>(10, "four", std::vector<int>{1, 2}).ask(1).get() == 17);
    CHECK(w.rt.spawn<with_constructor>(std::make_unique<int>(5), "abc").ask(1).get() == 9);
    const auto a = w.rt.spawn<pinned_down>();
    CHECK(a.ask(1).get() == a.ask(2).get());
    CHECK(w.rt.spawn<wide>().ask(1).get());
}

TEST_CASE("a callable is an actor: copied, moved, named, move-only") {
    world w;
    auto doubles = [](int n) { return 2 * n; };
    CHECK(w.rt.spawn(doubles).ask(4).get() == 8);
    CHECK(w.rt.spawn(spawn_options{.name = "doubles"}, doubles).name() == "doubles");
    auto owns = [p = std::make_unique<int>(3)](int n) { return n * *p; };
    const auto a = w.rt.spawn(spawn_options{.name = "owns"}, std::move(owns));
    CHECK(a.ask(4).get() == 12);
    CHECK(w.rt.spawn([](int n) { return n; }).name().find("lambda") != std::string_view::npos);
}

TEST_CASE("a constructor that throws leaves nothing behind, and the runtime goes on") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        CHECK_THROWS_WITH(w.rt.spawn<refusing>(true), "refused");
        CHECK_THROWS_WITH(w.rt.spawn<refusing>(spawn_options{.name = "named"}, true), "refused");
        CHECK(refusing::alive == 0);
        const auto a = w.rt.spawn<refusing>(false);
        CHECK(a.ask(3).get() == 3);
        CHECK(w.finish());
        CHECK(w.heard.failures().empty());
    }
    CHECK(refusing::alive == 0);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("out of memory in spawn leaves nothing behind") {
    world w;
    w.rt.spawn<wide>();
    bool threw = false;
    {
        const drover_test::failing_new none;
        try {
            w.rt.spawn<wide>();  // larger than a block of the pool, so it needs memory each time
        } catch (const std::bad_alloc&) {
            threw = true;
        }
    }
    CHECK(threw);
    std::string name(100, 'n');
    threw = false;
    {
        const drover_test::failing_new none;
        try {
            w.rt.spawn<aggregate>(spawn_options{.name = std::move(name)});
        } catch (const std::bad_alloc&) {
            threw = true;
        }
    }
    CHECK(threw);
    CHECK(w.rt.spawn<aggregate>().ask(1).get() == 5);
    CHECK(w.finish());
}

TEST_CASE("an actor that started, and one that has no started, are both there at once") {
    world w;
    struct starting {
        int at = 0;
        void started(context&) { at = 1; }
        int operator()(int n) const { return n + at; }
    };
    CHECK(w.rt.spawn<starting>().ask(1).get() == 2);
    // Nobody sends to it: `started` runs all the same.
    std::atomic<bool> ran{false};
    struct lonely {
        std::atomic<bool>* ran;
        void operator()(int) {}
        void started(context&) { *ran = true; }
    };
    w.rt.spawn<lonely>(&ran);
    wait_until([&] { return ran.load(); });
}

TEST_CASE("an actor that nobody refers to lives until its runtime ends") {
    std::atomic<int> alive{0};
    struct living {
        explicit living(std::atomic<int>& count) : count_(&count) { *count_ += 1; }
        living(const living&) = delete;
        living& operator=(const living&) = delete;
        ~living() { *count_ -= 1; }
        void operator()(int) {}
        std::atomic<int>* count_;
    };
    {
        world w;
        w.rt.spawn<living>(alive);
        w.rt.spawn<living>(alive);
        CHECK(alive == 2);
        const auto a = w.rt.spawn<living>(alive);
        a.stop();
        wait_until([&] { return a.stopped(); });
        CHECK(alive == 2);  // the state goes when the actor stops, whoever refers to it
    }
    CHECK(alive == 0);
}
