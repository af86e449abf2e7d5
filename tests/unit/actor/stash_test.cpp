#include <drover/actor/stash.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/actor/behaviours.hpp>
#include <drover/actor/receive_timeout.hpp>
#include <drover/supervision/supervision.hpp>

#include "support/world.hpp"

using drover_test::basic_world;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct item {
    int number;
};
struct keep {
    std::shared_ptr<int> what;
};
struct release {};
struct release_and_keep {};  // stashes during the replay
struct release_twice {};
struct clear {};
struct fill {
    int number;
};
struct nothing {};
struct get {};
struct wait_here {
    door* entered;
    door* leave;
};

struct hoarder {
    void operator()(item i, drover::context& me) {
        if (holding_) {
            answers_.push_back(stash_.put(i, me));
        } else {
            seen_.push_back(i.number);
            if (again_) {
                again_ = false;
                stash_.put(item{100}, me);
                stash_.put(item{101}, me);
                stash_.replay(me);
            }
            if (i.number == 13) {
                throw std::runtime_error("thirteen");
            }
            if (i.number == 99) {
                me.stop();
            }
            if (i.number == 50) {
                stash_.put(item{500}, me);
            }
        }
    }
    void operator()(const keep& k, drover::context& me) {
        if (holding_) {
            stash_.put(k, me);
        } else {
            *k.what += 1;
        }
    }
    void operator()(release, drover::context& me) {
        holding_ = false;
        stash_.replay(me);
        seen_.push_back(-1);  // the handler goes on to its end first
    }
    void operator()(release_twice, drover::context& me) {
        holding_ = false;
        stash_.replay(me);
        stash_.put(item{1000}, me);
        stash_.replay(me);
    }
    void operator()(release_and_keep, drover::context& me) {
        again_ = true;
        holding_ = false;
        stash_.replay(me);
    }
    void operator()(clear, drover::context& me) { stash_.clear(me); }
    void operator()(const wait_here& p) {
        p.entered->open();
        p.leave->pass();
    }
    std::vector<int> operator()(get) const { return seen_; }
    std::size_t operator()(nothing) const { return stash_.size(); }

    bool holding_ = true;
    bool again_ = false;
    drover::stash<hoarder, 4> stash_{};
    std::vector<int> seen_{};
    std::vector<drover::delivery> answers_{};
};

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

}  // namespace

TEST_CASE("a stash keeps messages, and replays them in order before the mailbox") {
    door entered;
    door leave;
    world w;
    const auto h = w.rt.spawn<hoarder>();
    CHECK(h.ask(get{}).get().empty());
    h.tell_batch(std::vector<item>{{1}, {2}, {3}});
    CHECK(h.ask(nothing{}).get() == 3);
    check_identity(w.rt.statistics());
    wait_until([&] { return w.rt.statistics().pending == 3; });
    CHECK(w.rt.statistics().handled == 5);  // three that were put away, two that were asked
    h.tell(wait_here{&entered, &leave});
    entered.pass();
    h.tell(release{});
    h.tell(item{4});
    leave.open();
    CHECK(h.ask(get{}).get() == std::vector<int>{-1, 1, 2, 3, 4});
    w.settle();
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled);
    CHECK(h.ask(nothing{}).get() == 0);
    STATIC_REQUIRE(drover::stash<hoarder, 4>::capacity() == 4);
}

TEST_CASE("a full stash refuses, and what it refuses is a dead letter") {
    world w;
    const auto h = w.rt.spawn<hoarder>(drover::spawn_options{.name = "hoarder"});
    for (int i = 0; i != 6; ++i) {
        h.tell(item{i});
    }
    CHECK(h.ask(nothing{}).get() == 4);
    CHECK(w.rt.statistics().dead(reason::rejected) == 2);
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 2);
    CHECK(letters[0].message.find("item") != std::string::npos);
    CHECK(letters[0].actor == "hoarder");
    h.tell(release{});
    CHECK(h.ask(get{}).get() == std::vector<int>{-1, 0, 1, 2, 3});
    w.settle();
    check_identity(w.rt.statistics());
}

TEST_CASE("what is put in during a replay waits for the next one, which may be asked for at once") {
    world w;
    const auto h = w.rt.spawn<hoarder>();
    h.tell(item{50});
    h.tell(item{2});
    h.tell(release{});
    CHECK(h.ask(get{}).get() == std::vector<int>{-1, 50, 2});
    CHECK(h.ask(nothing{}).get() == 1);
    h.tell(release{});
    CHECK(h.ask(get{}).get() == std::vector<int>{-1, 50, 2, -1, 500});

    const auto again = w.rt.spawn<hoarder>();
    again.tell(item{1});
    again.tell(item{2});
    again.tell(release_and_keep{});
    again.tell(item{3});
    CHECK(again.ask(get{}).get() == std::vector<int>{1, 2, 100, 101, 3});

    const auto twice = w.rt.spawn<hoarder>();
    twice.tell(item{1});
    twice.tell(release_twice{});
    CHECK(twice.ask(get{}).get() == std::vector<int>{1, 1000});
}

TEST_CASE("a throw in a replay makes that message failed and the rest stopped") {
    world w;
    const auto h = w.rt.spawn<hoarder>();
    for (const int i : {1, 13, 3, 4}) {
        h.tell(item{i});
    }
    h.tell(release{});
    wait_until([&] { return h.stopped(); });
    w.settle();
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.dead(reason::failed) == 1);
    CHECK(sums.dead(reason::stopped) == 2);
    CHECK(sums.handled == 6);  // four put away, the release, item 1
    check_identity(sums);
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("an actor that is stopped in a replay makes the rest dead letters") {
    world w;
    const auto h = w.rt.spawn<hoarder>();
    for (const int i : {1, 99, 3, 4}) {
        h.tell(item{i});
    }
    h.tell(release{});
    wait_until([&] { return h.stopped(); });
    w.settle();
    CHECK(w.rt.statistics().dead(reason::stopped) == 2);
    CHECK(w.rt.statistics().handled == 7);
}

TEST_CASE("clear and destruction make dead letters, and nothing leaks") {
    const auto shared = std::make_shared<int>(0);
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto h = w.rt.spawn<hoarder>();
        h.tell(keep{shared});
        h.tell(keep{shared});
        h.tell(clear{});
        CHECK(h.ask(nothing{}).get() == 0);
        CHECK(w.rt.statistics().dead(reason::dropped) == 2);
        h.tell(keep{shared});
        h.tell(keep{shared});
        CHECK(h.ask(nothing{}).get() == 2);
        CHECK(shared.use_count() == 3);
        h.stop();
        wait_until([&] { return h.stopped(); });
        w.settle();
        CHECK(w.rt.statistics().dead(reason::stopped) == 2);
        check_identity(w.rt.statistics());
    }
    CHECK(shared.use_count() == 1);
    CHECK(blocks_in_use() == before);
}

namespace {

struct seven {
    int operator()(nothing) const { return 7; }
};

// Replays from `started` and from a continuation.
struct early {
    void started(drover::context& me) {
        stash_.put(item{1}, me);
        stash_.put(item{2}, me);
        stash_.replay(me);
        other_ = me.spawn<seven>();
    }
    void operator()(item i) { seen_.push_back(i.number); }
    void operator()(release, drover::context& me) {
        stash_.put(item{3}, me);
        other_.ask(nothing{}).then(me, [this](auto) {
            drover::context& now = *drover::context::current();
            stash_.put(item{4}, now);
            stash_.replay(now);
            asked_.open();
        });
    }
    std::vector<int> operator()(get) const { return seen_; }

    drover::stash<early, 2> stash_{};
    drover::ref<seven> other_{};
    std::vector<int> seen_{};
    static door asked_;
};
door early::asked_;

// Always more to replay than a run may handle.
struct endless {
    void operator()(item i, drover::context& me) {
        count_ += 1;
        if (running_) {
            stash_.put(i, me);
            stash_.replay(me);
        }
    }
    int operator()(get) {
        running_ = false;
        return count_;
    }
    drover::stash<endless, 2> stash_{};
    int count_ = 0;
    bool running_ = true;
};

struct behaves_closed;
struct behaves_open;
using shop = drover::behaviours<behaves_closed, behaves_open>;

struct behaves_closed {
    void operator()(item i, drover::context& me) { waiting_.put(i, me); }
    void operator()(release, drover::context& me);
    drover::stash<shop, 8> waiting_{};
};
struct behaves_open {
    void operator()(item i) { seen_.push_back(i.number); }
    std::vector<int> operator()(get) const { return seen_; }
    std::vector<int> seen_{};
};
void behaves_closed::operator()(release, drover::context& me) {
    waiting_.replay(me);
    drover::become<behaves_open>(me);
}

}  // namespace

TEST_CASE("replay works in started and in a continuation") {
    world w(1);
    const auto e = w.rt.spawn<early>();
    e.tell(item{10});
    CHECK(e.ask(get{}).get() == std::vector<int>{1, 2, 10});
    e.tell(release{});
    early::asked_.pass();
    CHECK(e.ask(get{}).get() == std::vector<int>{1, 2, 10, 3, 4});
    w.settle();
    check_identity(w.rt.statistics());
}

namespace {

// Hears of silence, and goes on after a failure.
struct timed_keeper {
    static constexpr drover::supervision supervision{.on_failure = drover::directive::resume};
    void started(drover::context& me) { me.set_receive_timeout<timed_keeper>(std::chrono::hours(1)); }
    void operator()(drover::receive_timeout) {}
    void operator()(item i, drover::context& me) {
        if (holding) {
            stash.put(i, me);
        } else {
            seen.push_back(i.number);
            *handled += 1;
        }
    }
    void operator()(release, drover::context& me) {
        holding = false;
        static_cast<void>(me.self<timed_keeper>().tell(item{3}));
        stash.replay(me);
        throw std::runtime_error("released");
    }
    std::vector<int> operator()(get) const { return seen; }
    std::atomic<int>* handled;
    bool holding = true;
    drover::stash<timed_keeper, 4> stash{};
    std::vector<int> seen{};
};

}  // namespace

TEST_CASE("a replay comes before the mailbox also if its handler throws, in an actor that hears of silence") {
    std::atomic<int> handled{0};
    world w(1);
    const auto k = w.rt.spawn<timed_keeper>(&handled);
    k.tell(item{1});
    k.tell(item{2});
    k.tell(release{});
    wait_until([&] { return handled == 3; });  // and no question before, which would be the next message itself
    CHECK(k.ask(get{}).get() == std::vector<int>{1, 2, 3});
}

TEST_CASE("a replay without end leaves the worker to others, and ends with the actor") {
    world w(1, [](drover::runtime_options& o) { o.quantum = 4; });
    const auto e = w.rt.spawn<endless>();
    const auto other = w.rt.spawn<seven>();
    e.tell(item{1});
    CHECK(other.ask(nothing{}).get() == 7);
    e.stop();
    wait_until([&] { return e.stopped(); });
    const auto forever = w.rt.spawn<endless>();
    forever.tell(item{1});
    CHECK(other.ask(nothing{}).get() == 7);
    CHECK(w.rt.stop());  // while it replays between two runs
    check_identity(w.rt.statistics());
    CHECK(w.rt.statistics().pending == 0);
}

TEST_CASE("a behaviour's stash is replayed by the next behaviour") {
    world w;
    const auto s = w.rt.spawn<shop>();
    s.tell(item{1});
    s.tell(item{2});
    s.tell(release{});
    s.tell(item{3});
    CHECK(s.ask(get{}).get() == std::vector<int>{1, 2, 3});
    s.tell(release{});
    w.settle();
    CHECK(w.rt.statistics().dead(reason::unhandled) == 1);
    check_identity(w.rt.statistics());
}

namespace {

struct mixed_first;
struct mixed_second;
using mixed = drover::behaviours<mixed_first, mixed_second>;

struct mixed_first {
    void operator()(item i, drover::context& me) { waiting_.put(i, me); }
    void operator()(fill f, drover::context& me) { waiting_.put(f, me); }
    void operator()(release, drover::context& me);
    drover::stash<mixed, 8> waiting_{};
};
struct mixed_second {
    void operator()(item i) { seen_.push_back(i.number); }
    std::vector<int> operator()(get) const { return seen_; }
    std::vector<int> seen_{};
};
void mixed_first::operator()(release, drover::context& me) {
    waiting_.replay(me);
    drover::become<mixed_second>(me);
}

}  // namespace

TEST_CASE("a replayed message that finds no handler is a dead letter, and the replay goes on") {
    world w;
    const auto m = w.rt.spawn<mixed>();
    m.tell(item{1});
    m.tell(fill{2});
    m.tell(item{3});
    m.tell(release{});
    CHECK(m.ask(get{}).get() == std::vector<int>{1, 3});
    w.settle();
    CHECK(w.rt.statistics().dead(reason::unhandled) == 1);
    check_identity(w.rt.statistics());
}

TEST_CASE("a stash of another type's messages says so") {
    world w;
    struct wrong {
        std::string operator()(nothing, drover::context& me) {
            try {
                stash_.put(item{1}, me);
            } catch (const std::logic_error& error) {
                return error.what();
            }
            return "no error";
        }
        drover::stash<early, 2> stash_{};
    };
    const std::string said = w.rt.spawn<wrong>().ask(nothing{}).get();
    CHECK(said.starts_with("drover: a stash of "));
    CHECK(said.find("early") != std::string::npos);
    CHECK(said.find("wrong") != std::string::npos);
}

namespace {

struct stamping : drover::features {
    struct metrics : drover::no_metrics {
        static void on_enqueue(auto&, drover::hook_subject, std::size_t n) noexcept { enqueued += n; }
        static void on_handled(auto&, drover::hook_subject, std::size_t n) noexcept { handled += n; }
        static inline std::atomic<std::size_t> enqueued{0};
        static inline std::atomic<std::size_t> handled{0};
    };
};
using app = drover::with<stamping>;

struct observed {
    void operator()(item i, app::context& me) {
        if (!open_) {
            stash_.put(i, me);
        }
    }
    void operator()(release, app::context& me) {
        open_ = true;
        stash_.replay(me);
    }
    bool open_ = false;
    app::stash<observed, 2> stash_{};
};

}  // namespace

TEST_CASE("a stash belongs to its feature bundle, whose metrics hear of it") {
    basic_world<stamping> w;
    const app::ref<observed> o = w.rt.spawn<observed>();
    o.tell(item{1});
    o.tell(release{});
    w.settle();
    wait_until([&] { return stamping::metrics::handled >= 3; });  // they hear after the accounts
    CHECK(stamping::metrics::enqueued == 3);
    CHECK(stamping::metrics::handled == 3);
}

namespace {

// Takes its messages in batches, and keeps the first of them.
struct batcher {
    using batches = drover::of<item>;
    void operator()(std::span<item> some, drover::context& me) {
        for (const item& each : some) {
            if (each.number < 0) {
                stash_.put(item{-each.number}, me);
            } else {
                seen_.push_back(each.number);
            }
        }
        sizes_.push_back(some.size());
    }
    void operator()(release, drover::context& me) { stash_.replay(me); }
    void operator()(const wait_here& p) {
        p.entered->open();
        p.leave->pass();
    }
    std::vector<int> operator()(get) const { return seen_; }
    drover::stash<batcher, 4> stash_{};
    std::vector<int> seen_{};
    std::vector<std::size_t> sizes_{};
};

}  // namespace

TEST_CASE("a replay stays before the mailbox where messages come in batches") {
    door entered;
    door leave;
    world w;
    const auto b = w.rt.spawn<batcher>();
    b.tell_batch(std::vector<item>{{-1}, {-2}, {-3}});
    CHECK(b.ask(get{}).get().empty());
    b.tell(wait_here{&entered, &leave});
    entered.pass();
    b.tell(release{});
    b.tell_batch(std::vector<item>{{4}, {5}});
    leave.open();
    CHECK(b.ask(get{}).get() == std::vector<int>{1, 2, 3, 4, 5});
    w.settle();
    check_identity(w.rt.statistics());
}

TEST_CASE("a stash says how much it takes and whether it has anything") {
    drover::stash<hoarder, 5> kept;
    CHECK(kept.empty());
    CHECK(kept.size() == 0);
    CHECK(kept.capacity() == 5);
}
