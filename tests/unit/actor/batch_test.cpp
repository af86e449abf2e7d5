#include <drover/actor/batch.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/world.hpp"

using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::failing_new;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using lines = std::vector<std::string>;

struct item {
    int number;
};
struct other {
    int number;
};
struct get {};
struct plug {
    std::shared_ptr<door> entered = std::make_shared<door>();
    std::shared_ptr<door> leave = std::make_shared<door>();
};

struct pluggable {
    void operator()(const plug& p) {
        p.entered->open();
        p.leave->pass();
    }
};

// While `actor` is in a handler, `code` fills its mailbox.
template <class Actor, class Code>
void while_plugged(const Actor& actor, Code code) {
    const plug stopper;
    actor.tell(stopper);
    stopper.entered->pass();
    code();
    stopper.leave->open();
}

std::string join(char kind, const auto& some) {
    std::string line(1, kind);
    for (const auto& each : some) {
        line += ' ' + std::to_string(each.number);
    }
    return line;
}

template <class Policy>
struct batcher : pluggable {
    using batches = drover::of<item, other>;
    using batching = Policy;
    using pluggable::operator();
    void operator()(std::span<item> some, drover::context& me) {
        seen_.push_back(join('i', some));
        for (const item& each : some) {
            if (each.number == 13) {
                throw std::runtime_error("thirteen");
            }
            if (each.number == 99) {
                me.stop();
            }
        }
    }
    void operator()(std::span<other> some) { seen_.push_back(join('o', some)); }
    int operator()(item i) {
        seen_.push_back("ask " + std::to_string(i.number));
        return i.number;
    }
    lines operator()(get) const { return seen_; }
    lines seen_{};
};

struct by_default : pluggable {
    using batches = drover::of<item>;
    using pluggable::operator();
    void operator()(std::span<item> some) { sizes_.push_back(some.size()); }
    std::vector<std::size_t> operator()(get) const { return sizes_; }
    std::vector<std::size_t> sizes_{};
};

template <class Actor>
void tell_items(const Actor& actor, int first, int last) {
    for (int i = first; i <= last; ++i) {
        actor.tell(item{i});
    }
}

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

}  // namespace

TEST_CASE("batch: a span holds what waits, in order, and no more than 128 by default") {
    world w;
    const auto h = w.rt.spawn<by_default>();
    h.tell(item{1});
    CHECK(h.ask(get{}).get() == std::vector<std::size_t>{1});
    while_plugged(h, [&] { tell_items(h, 1, 300); });
    CHECK(h.ask(get{}).get() == std::vector<std::size_t>{1, 128, 128, 44});
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead() == 0);
    check_identity(w.rt.statistics());
}

TEST_CASE("batch: the policy says how large a span is") {
    world w;
    const auto three = w.rt.spawn<batcher<drover::up_to<3>>>();
    while_plugged(three, [&] { tell_items(three, 1, 7); });
    CHECK(three.ask(get{}).get() == lines{"i 1 2 3", "i 4 5 6", "i 7"});
    const auto one = w.rt.spawn<batcher<drover::one_at_a_time>>();
    while_plugged(one, [&] { tell_items(one, 1, 3); });
    CHECK(one.ask(get{}).get() == lines{"i 1", "i 2", "i 3"});
    for (const int count : {31, 32, 33, 63, 64}) {
        const auto many = w.rt.spawn<batcher<drover::up_to<64>>>();
        while_plugged(many, [&] { tell_items(many, 101, 100 + count); });
        CHECK(many.ask(get{}).get().size() == 1);
    }
    CHECK(w.finish());
    check_identity(w.rt.statistics());
}

TEST_CASE("batch: a span holds one type, and an ask is never in one") {
    world w;
    const auto h = w.rt.spawn<batcher<drover::up_to<8>>>();
    std::optional<drover::answer<int>> reply;
    while_plugged(h, [&] {
        tell_items(h, 1, 2);
        h.tell(other{3});
        h.tell(other{4});
        h.tell(item{5});
        reply.emplace(h.ask(item{6}));
        tell_items(h, 7, 8);
    });
    CHECK(reply->get() == 6);
    CHECK(h.ask(get{}).get() == lines{"i 1 2", "o 3 4", "i 5", "ask 6", "i 7 8"});
    CHECK(w.finish());
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.handled == sums.offered);
}

TEST_CASE("batch: a throw fails the whole span and is reported once") {
    world w;
    const auto h = w.rt.spawn<batcher<drover::up_to<5>>>();
    while_plugged(h, [&] {
        tell_items(h, 1, 5);
        tell_items(h, 11, 15);
        tell_items(h, 21, 22);
    });
    wait_until([&] { return h.stopped(); });
    CHECK(w.finish());
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.dead(reason::failed) == 5);
    CHECK(sums.dead(reason::stopped) >= 2);
    CHECK(w.heard.dead(reason::failed) == 5);
    check_identity(sums);
    const auto failures = w.heard.failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].what.find("thirteen") != std::string::npos);
    CHECK(failures[0].message.find("item") != std::string::npos);
}

TEST_CASE("batch: an actor that is stopped in a span has handled it, and the rest are dead letters") {
    world w;
    const auto h = w.rt.spawn<batcher<drover::up_to<3>>>();
    while_plugged(h, [&] {
        tell_items(h, 98, 100);
        tell_items(h, 1, 4);
    });
    wait_until([&] { return h.stopped(); });
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 4);
    CHECK(w.rt.statistics().dead(reason::failed) == 0);
    CHECK(w.rt.statistics().dead(reason::stopped) >= 4);
    check_identity(w.rt.statistics());
}

TEST_CASE("batch: stop_when_drained ends a span, and all before it are handled") {
    world w;
    const auto h = w.rt.spawn<batcher<drover::up_to<8>>>();
    while_plugged(h, [&] {
        tell_items(h, 1, 3);
        h.stop_when_drained();
        tell_items(h, 4, 5);
    });
    wait_until([&] { return h.stopped(); });
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 4);
    CHECK(w.rt.statistics().dead(reason::stopped) >= 2);
    check_identity(w.rt.statistics());
}

namespace {

std::atomic<int> living{0};
std::atomic<bool> armed{false};

// Its move may throw, and it is counted.
struct fragile {
    explicit fragile(int n) : number(n) { living += 1; }
    fragile(fragile&& from) : number(from.number) {
        if (armed && number == 13) {
            throw std::runtime_error("moved");
        }
        living += 1;
    }
    fragile(const fragile& from) : number(from.number) { living += 1; }
    ~fragile() { living -= 1; }
    int number;
};

struct carrier : pluggable {
    using batches = drover::of<fragile>;
    using pluggable::operator();
    void operator()(std::span<fragile>) { *calls += 1; }
    std::atomic<int>* calls;
    explicit carrier(std::atomic<int>* c) : calls(c) {}
};

struct owned {
    std::unique_ptr<int> number;
};
struct owner : pluggable {
    using batches = drover::of<owned>;
    using pluggable::operator();
    void operator()(std::span<owned> some) {
        for (owned& each : some) {
            kept_.push_back(std::move(each.number));
        }
        spans_ += 1;
    }
    std::pair<int, int> operator()(get) const {
        int sum = 0;
        for (const auto& each : kept_) {
            sum += *each;
        }
        return {spans_, sum};
    }
    std::vector<std::unique_ptr<int>> kept_{};
    int spans_ = 0;
};

}  // namespace

TEST_CASE("batch: a move that throws fails all that were taken, and none is left or destroyed twice") {
    const std::size_t before = blocks_in_use();
    for (const int first : {13, 11, 9}) {
        std::atomic<int> calls = 0;
        world w;
        const auto h = w.rt.spawn<carrier>(&calls);
        while_plugged(h, [&] {
            for (int i = first; i != first + 5; ++i) {
                h.tell(fragile(i));
            }
            armed = true;
        });
        wait_until([&] { return h.stopped(); });
        armed = false;
        CHECK(w.finish());
        CHECK(calls == 0);
        CHECK(w.rt.statistics().dead(reason::failed) == 5);
        check_identity(w.rt.statistics());
        REQUIRE(w.heard.failures().size() == 1);
        CHECK(w.heard.failures()[0].what.find("moved") != std::string::npos);
        CHECK(living == 0);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("batch: messages that cannot be copied are moved, and may be kept") {
    world w;
    const auto h = w.rt.spawn<owner>();
    while_plugged(h, [&] {
        std::vector<owned> some;
        for (int i = 1; i <= 40; ++i) {
            some.push_back({std::make_unique<int>(i)});
        }
        h.tell_batch(std::move(some));
        h.tell(owned{std::make_unique<int>(1000)});
    });
    CHECK(h.ask(get{}).get() == std::pair{1, 1820});
}

namespace {

struct large {
    int number;
    std::array<int, 500> filler;
};
struct alignas(256) aligned {
    int number;
    std::shared_ptr<int> what;
};

struct stretched : pluggable {
    using batches = drover::of<large, aligned, item>;
    using pluggable::operator();
    template <class M>
    void take(std::span<M> some) {
        spans_ += 1;
        for (const M& each : some) {
            sum_ += each.number;
            fine_ = fine_ && reinterpret_cast<std::uintptr_t>(&each) % alignof(M) == 0;
        }
    }
    void operator()(std::span<item> some) { take(some); }
    void operator()(std::span<large> some) {
        take(some);
        for (const large& each : some) {
            fine_ = fine_ && each.filler[499] == -each.number;
        }
    }
    void operator()(std::span<aligned> some) {
        take(some);
        for (const aligned& each : some) {
            fine_ = fine_ && *each.what == 7;
        }
    }
    std::vector<int> operator()(get) const { return {spans_, sum_, fine_ ? 1 : 0}; }
    int spans_ = 0;
    int sum_ = 0;
    bool fine_ = true;
};

}  // namespace

TEST_CASE("batch: large and over-aligned messages lie side by side as their type wants it") {
    const auto seven = std::make_shared<int>(7);
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto h = w.rt.spawn<stretched>();
        while_plugged(h, [&] {
            for (int i = 1; i <= 40; ++i) {
                h.tell(item{i});
            }
            for (int i = 1; i <= 40; ++i) {
                large message{i, {}};
                message.filler[499] = -i;
                h.tell(message);
            }
            for (int i = 1; i <= 40; ++i) {
                h.tell(aligned{i, seven});
            }
            tell_items(h, 1, 40);
        });
        CHECK(h.ask(get{}).get() == std::vector<int>{4, 4 * 820, 1});
        CHECK(w.finish());
        CHECK(w.rt.statistics().handled == w.rt.statistics().offered);
    }
    CHECK(seven.use_count() == 1);
    CHECK(blocks_in_use() == before);
}

namespace {

// Lets its worker get no large memory from the time of the plug on.
struct poor {
    using batches = drover::of<large>;
    void operator()(const plug& p) {
        p.entered->open();
        p.leave->pass();
        failing_.emplace(std::size_t{0}, std::size_t{50'000});
    }
    void operator()(std::span<large>) {}
    void stopped(const drover::stop_reason&) { failing_.reset(); }
    std::optional<failing_new> failing_{};
};

struct narrow : pluggable {
    using mailbox = drover::bounded_mailbox<8>;
    using batches = drover::of<item>;
    using pluggable::operator();
    void operator()(std::span<item> some) { *sum += static_cast<int>(some.size()); }
    std::atomic<int>* sum;
    explicit narrow(std::atomic<int>* s) : sum(s) {}
};

}  // namespace

TEST_CASE("batch: without memory for a span all that it would hold has failed") {
    world w(1);
    const auto h = w.rt.spawn<poor>();
    while_plugged(h, [&] {
        for (int i = 0; i != 5; ++i) {
            h.tell(large{i, {}});
        }
    });
    wait_until([&] { return h.stopped(); });
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead(reason::failed) == 5);
    REQUIRE(w.heard.failures().size() == 1);
    CHECK(w.heard.failures()[0].what.find("bad_alloc") != std::string::npos);
    check_identity(w.rt.statistics());
}

TEST_CASE("batch: a span gives all its places back to a bounded mailbox") {
    world w;
    std::atomic<int> sum = 0;
    const auto h = w.rt.spawn<narrow>(&sum);
    for (int round = 1; round <= 3; ++round) {
        while_plugged(h, [&] {
            tell_items(h, 1, 8);
            CHECK(h.tell(item{9}) == drover::delivery::rejected_full);
        });
        wait_until([&] { return sum == round * 8; });
        w.settle();
    }
    CHECK(w.rt.statistics().dead(reason::rejected) == 3);
    check_identity(w.rt.statistics());
}
