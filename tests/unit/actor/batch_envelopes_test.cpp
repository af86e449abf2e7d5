#include <drover/actor/batch.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct item {
    int number;
};
struct other {
    int number;
};
struct question {};

// A mailbox named here is the actor's own; `void` leaves the choice to drover.
template <class Mailbox>
struct choose_mailbox {
    using mailbox = Mailbox;
};
template <>
struct choose_mailbox<void> {};

template <class Batching, class Mailbox = void>
struct keeper : choose_mailbox<Mailbox> {
    using batches = drover::of<item, other>;
    using batching = Batching;

    void operator()(std::span<item> some) {
        sizes_.push_back(some.size());
        for (const item& each : some) {
            seen_.push_back(each.number);
            if (each.number == 1313) {
                throw std::runtime_error("thirteen");
            }
        }
    }
    void operator()(std::span<other> some) {
        sizes_.push_back(1000 + some.size());
        for (const other& each : some) {
            seen_.push_back(-each.number);
        }
    }
    void operator()(const plug& p) { p.hold(); }
    std::vector<int> operator()(question) const { return seen_; }
    std::vector<std::size_t> operator()(door*) const { return sizes_; }

    std::vector<int> seen_{};
    std::vector<std::size_t> sizes_{};
};

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

// Sends while the actor is in a handler, so that all of it waits side by side.
template <class Actor, class Body>
void while_plugged(const drover::ref<Actor>& actor, Body body) {
    const plugged until_done(actor);
    body();
}

std::vector<int> count_to(int last) {
    std::vector<int> numbers;
    for (int each = 1; each <= last; ++each) {
        numbers.push_back(each);
    }
    return numbers;
}

using sizes = std::vector<std::size_t>;
door* const how_large = nullptr;

struct plain {
    using batches = drover::of<item>;
    void operator()(std::span<item> some) { sizes_.push_back(some.size()); }
    void operator()(const plug& p) { p.hold(); }
    sizes operator()(question) const { return sizes_; }
    sizes sizes_{};
};

struct witness {
    std::size_t operator()(const std::atomic<std::size_t>* spans) const { return spans->load(); }
};
struct counting {
    using batches = drover::of<item>;
    using batching = drover::up_to<8>;
    void operator()(std::span<item>) { spans->fetch_add(1); }
    void operator()(const plug& p) { p.hold(); }
    std::atomic<std::size_t>* spans;
};

}  // namespace

#define DROVER_MAILBOXES                                                                   \
    void, drover::unbounded_mailbox, drover::bounded_mailbox<1024>,                        \
        (drover::bounded_mailbox<1024, drover::drop_oldest>), drover::priority_mailbox<3>, \
        drover::single_producer_mailbox<1024>

TEMPLATE_TEST_CASE("what waits comes in spans of at most N, in order, and every envelope is given back", "",
                   DROVER_MAILBOXES) {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto k = w.rt.spawn<keeper<drover::up_to<50>, TestType>>();
        while_plugged(k, [&] {
            for (int each = 1; each <= 120; ++each) {
                k.tell(item{each});
            }
        });
        CHECK(k.ask(question{}).get() == count_to(120));
        CHECK(k.ask(how_large).get() == sizes{50, 50, 20});
        w.settle();
        CHECK(w.rt.statistics().handled == 123);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("a span ends where another type or an ask comes", "", DROVER_MAILBOXES) {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto k = w.rt.spawn<keeper<drover::up_to<8>, TestType>>();
        while_plugged(k, [&] {
            k.tell(item{1});
            k.tell(item{2});
            k.tell(other{3});
            k.tell(item{4});
            static_cast<void>(k.ask(question{}));
            k.tell(item{5});
            k.tell(item{6});
        });
        CHECK(k.ask(question{}).get() == std::vector<int>{1, 2, -3, 4, 5, 6});
        CHECK(k.ask(how_large).get() == sizes{2, 1001, 1, 2});
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("a throw fails the whole span, and what is behind it is dead with the actor", "", DROVER_MAILBOXES) {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto k = w.rt.spawn<keeper<drover::up_to<4>, TestType>>();
        while_plugged(k, [&] {
            for (const int each : {1, 2, 1313, 4, 5, 6}) {
                k.tell(item{each});
            }
        });
        wait_until([&] { return k.stopped(); });
        w.settle();
        CHECK(w.rt.statistics().dead(reason::failed) == 4);
        CHECK(w.rt.statistics().dead(reason::stopped) == 2);
        CHECK(w.rt.statistics().handled == 1);
        CHECK(w.heard.dead(reason::failed) == 4);
        CHECK(w.heard.failures().size() == 1);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("one_at_a_time gives spans of one") {
    world w;
    const auto k = w.rt.spawn<keeper<drover::one_at_a_time>>();
    while_plugged(k, [&] { k.tell_batch(std::vector<item>{{1}, {2}, {3}}); });
    CHECK(k.ask(question{}).get() == count_to(3));
    CHECK(k.ask(how_large).get() == sizes{1, 1, 1});
}

TEST_CASE("spans of the default are of 128, and of any N they are exact around the chunks they are taken in") {
    world w(1, [](drover::runtime_options& o) { o.quantum = 1'000'000; });
    const auto p = w.rt.spawn<plain>();
    while_plugged(p, [&] {
        for (int each = 0; each != 300; ++each) {
            p.tell(item{each});
        }
    });
    CHECK(p.ask(question{}).get() == sizes{128, 128, 44});
    const auto exact = w.rt.spawn<keeper<drover::up_to<33>, drover::bounded_mailbox<256>>>();
    while_plugged(exact, [&] {
        for (int each = 1; each <= 98; ++each) {
            exact.tell(item{each});
        }
    });
    CHECK(exact.ask(question{}).get() == count_to(98));
    CHECK(exact.ask(how_large).get() == sizes{33, 33, 32});
}

TEST_CASE("the messages of a span count for the actor's share, so others get their turn") {
    world w(1, [](drover::runtime_options& o) { o.quantum = 8; });
    std::atomic<std::size_t> spans{0};
    const auto c = w.rt.spawn<counting>(&spans);
    const auto seer = w.rt.spawn<witness>();
    const plugged leave(c);
    for (int each = 0; each != 800; ++each) {
        c.tell(item{each});
    }
    auto seen = seer.ask(static_cast<const std::atomic<std::size_t>*>(&spans));
    leave.open();
    CHECK(seen.get() < 100);  // the worker looks at what outsiders send every so many turns; each was one span
    w.settle();
    CHECK(spans == 100);
}

namespace {

// Counts its living, and throws when a chosen one is moved for the second time: into the span.
struct fragile {
    static inline std::atomic<int> living{0};
    explicit fragile(int chosen) noexcept : number(chosen) { living += 1; }
    fragile(fragile&& from) : number(from.number), moves(from.moves + 1) {
        if (number == 3 && moves == 2) {
            throw std::runtime_error("moved");
        }
        living += 1;
    }
    ~fragile() { living -= 1; }
    int number;
    int moves = 0;
};

struct fragile_keeper {
    using batches = drover::of<fragile>;
    void operator()(std::span<fragile> some) { handled_ += static_cast<int>(some.size()); }
    void operator()(const plug& p) { p.hold(); }
    int handled_ = 0;
};

struct alignas(256) wide {
    std::array<std::byte, 1024> bytes{};
    int number = 0;
};

struct wide_keeper {
    using batches = drover::of<wide, std::unique_ptr<int>>;
    void operator()(std::span<wide> some) {
        for (wide& each : some) {
            aligned_ = aligned_ && reinterpret_cast<std::uintptr_t>(&each) % 256 == 0;
            sum_ += each.number;
        }
    }
    void operator()(std::span<std::unique_ptr<int>> some) {
        for (const auto& each : some) {
            sum_ += *each;
        }
    }
    void operator()(const plug& p) { p.hold(); }
    int operator()(question) const { return aligned_ ? sum_ : -1; }
    bool aligned_ = true;
    int sum_ = 0;
};

}  // namespace

TEST_CASE("a move that throws fails the span, and nothing of it stays behind") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto k = w.rt.spawn<fragile_keeper>();
        while_plugged(k, [&] {
            for (int each = 1; each <= 5; ++each) {
                k.tell(fragile(each));
            }
        });
        wait_until([&] { return k.stopped(); });
        w.settle();
        CHECK(w.rt.statistics().dead(reason::failed) == 5);
        CHECK(w.heard.failures().at(0).what.find("moved") != std::string::npos);
        check_identity(w.rt.statistics());
    }
    CHECK(fragile::living == 0);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("large, over-aligned and move-only messages come in spans as well") {
    const std::size_t before = blocks_in_use();
    {
        world w(1);
        const auto k = w.rt.spawn<wide_keeper>();
        while_plugged(k, [&] {
            for (int each = 0; each != 100; ++each) {
                k.tell(wide{{}, 1});
                k.tell(wide{{}, 1});
                k.tell(std::make_unique<int>(10));
            }
            std::vector<std::unique_ptr<int>> many;
            many.push_back(std::make_unique<int>(1000));
            many.push_back(std::make_unique<int>(2000));
            k.tell_batch(std::move(many));
        });
        CHECK(k.ask(question{}).get() == 200 + 1000 + 3000);
    }
    CHECK(blocks_in_use() == before);
}
