#include <drover/actor/outbox.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::await_closed;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

using drover::delivery;
using reason = drover::dead_letter_reason;
using answers = std::vector<delivery>;
using numbers = std::vector<int>;

struct item {
    int number;
};
struct get {};
struct act {
    std::function<void(drover::context&)> what;
};

struct sink {
    void operator()(item i) { seen_.push_back(i.number); }
    numbers operator()(get) const { return seen_; }
    numbers seen_{};
};

struct counter {
    void operator()(item) { *count += 1; }
    std::atomic<int>* count;
};

// Opens a door when it has stopped.
struct mortal {
    void operator()(item) {}
    void stopped(const drover::stop_reason&) { gone->open(); }
    door* gone;
};

struct roomy {
    using mailbox = drover::bounded_mailbox<100>;
    void operator()(item i) { seen_.push_back(i.number); }
    numbers operator()(get) const { return seen_; }
    numbers seen_{};
};

struct plain_sender {
    void operator()(const act& a, drover::context& me) { a.what(me); }
};
struct sender : plain_sender {
    using outbox = drover::outbox<4>;
    using plain_sender::operator();
    int operator()(get, drover::context&) {
        to_.tell(item{1});
        return 5;
    }
    explicit sender(drover::ref<sink> to = {}) : to_(std::move(to)) {}
    drover::ref<sink> to_;
};
struct never : plain_sender {
    using outbox = drover::outbox<0>;
};

// Runs `code` in a handler of `actor`, and returns when it has run.
template <class Actor, class Code>
void inside(const Actor& actor, Code code) {
    const auto done = std::make_shared<door>();
    actor.tell(act{[code, done](drover::context& me) {
        code(me);
        done->open();
    }});
    done->pass();
}

template <class To>
void await(const To& to, const numbers& expected) {
    wait_until([&] { return to.ask(get{}).get().size() >= expected.size(); });
    CHECK(to.ask(get{}).get() == expected);
}

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

std::string refusal(std::size_t outbox) {
    drover::runtime_options options;
    options.threads = 1;
    options.outbox = outbox;
    try {
        const drover::runtime rt(options);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("outbox: tells are deferred, and pushed together at N and at the end of the run") {
    world w;
    const auto to = w.rt.spawn<sink>();
    const auto from = w.rt.spawn<sender>();
    answers said;
    std::vector<std::uint64_t> offered;
    inside(from, [&](drover::context&) {
        offered.push_back(w.rt.statistics().offered);
        for (int i = 0; i != 6; ++i) {
            said.push_back(to.tell(item{i}));
            const drover::accounting now = w.rt.statistics();
            offered.push_back(now.offered);
            // At any moment: what is in the outbox has been offered, and waits.
            CHECK(now.offered == now.handled + now.dead() + now.returned + now.pending);
            CHECK(now.pending >= (i < 3 ? static_cast<std::uint64_t>(i) + 2 : static_cast<std::uint64_t>(i - 3) + 1));
        }
    });
    CHECK(said == answers{delivery::deferred, delivery::deferred, delivery::deferred, delivery::accepted,
                          delivery::deferred, delivery::deferred});
    CHECK(offered == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7});
    await(to, {0, 1, 2, 3, 4, 5});
    CHECK(w.finish());
    check_identity(w.rt.statistics());
}

TEST_CASE("outbox: what must not overtake sends what was told before on its way") {
    world w;
    const auto to = w.rt.spawn<sink>();
    const auto from = w.rt.spawn<sender>();

    SECTION("an ask") {
        numbers heard;
        door answered;
        inside(from, [&](drover::context& me) {
            to.tell(item{1});
            to.ask(get{}).then(me, [&](auto reply) {
                heard = *reply;
                answered.open();
            });
            to.tell(item{2});
        });
        answered.pass();
        CHECK(heard == numbers{1});
        await(to, {1, 2});
    }
    SECTION("try_tell") {
        delivery said{};
        inside(from, [&](drover::context&) {
            to.tell(item{1});
            item second{2};
            said = to.try_tell(second);
            to.tell(item{3});
        });
        CHECK(said == delivery::accepted);
        await(to, {1, 2, 3});
    }
    SECTION("tell_batch") {
        inside(from, [&](drover::context&) {
            to.tell(item{1});
            to.tell_batch(std::vector<item>{{2}, {3}});
            to.tell(item{4});
            to.tell_batch(std::vector<item>{});
        });
        await(to, {1, 2, 3, 4});
    }
    SECTION("stop_when_drained of the receiver") {
        inside(from, [&](drover::context&) {
            to.tell(item{1});
            to.tell(item{2});
            to.stop_when_drained();
        });
        wait_until([&] { return to.stopped(); });
        w.settle();
        CHECK(w.rt.statistics().dead() == 0);
        CHECK(w.rt.statistics().handled == 3);
    }
    SECTION("stop_when_drained and stop of the sender") {
        inside(from, [&](drover::context& me) {
            to.tell(item{1});
            me.stop_when_drained();
            to.tell(item{2});
            me.stop();
            to.tell(item{3});
        });
        await(to, {1, 2, 3});
        wait_until([&] { return from.stopped(); });
    }
    SECTION("a throw, before the report") {
        from.tell(act{[&](drover::context&) {
            to.tell(item{1});
            throw std::runtime_error("no");
        }});
        wait_until([&] { return w.heard.failures().size() == 1; });
        CHECK(to.ask(get{}).get() == numbers{1});
        CHECK(w.rt.statistics().dead(reason::failed) == 1);
    }
    SECTION("an answer") {
        const auto answering = w.rt.spawn<sender>(to);
        CHECK(answering.ask(get{}).get() == 5);
        CHECK(to.ask(get{}).get() == numbers{1});
    }
    CHECK(w.finish());
    check_identity(w.rt.statistics());
}

TEST_CASE("outbox: few receivers and many, more than it has places for, and each in order") {
    using box = drover::basic_outbox<drover::features>;
    const std::size_t before = blocks_in_use();
    {
        world w(
            1);  // nobody handles anything while the sender runs, unless a chain goes out and its receiver comes next
        const auto many = GENERATE(std::size_t{60}, box::first_places / 2, box::first_places / 2 + 1,
                                   box::most_places / 2, box::most_places / 2 + 1);
        std::vector<drover::ref<sink>> to;
        for (std::size_t i = 0; i != many; ++i) {
            to.push_back(w.rt.spawn<sink>());
        }
        const auto from = w.rt.spawn<sender>();
        answers said;
        inside(from, [&](drover::context&) {
            for (int number = 0; number != 7; ++number) {
                for (const auto& each : to) {
                    said.push_back(each.tell(item{number}));
                }
            }
        });
        // As long as there is room, every fourth message to a receiver sends its chain and no other does.
        const auto sent = static_cast<std::size_t>(std::count(said.begin(), said.end(), delivery::accepted));
        CHECK(sent == (many > box::most_places / 2 ? 0 : many));
        for (const auto& each : to) {
            await(each, {0, 1, 2, 3, 4, 5, 6});  // the last chains go out when the handler has returned
        }
        CHECK(w.finish());
        CHECK(w.rt.statistics().dead() == 0);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

// Takes memory of two sizes.
struct sorter {
    struct wide {
        int number;
        std::array<char, 100> rest;
    };
    void operator()(item i) { seen_.push_back(i.number); }
    void operator()(const wide& i) { seen_.push_back(i.number); }
    numbers operator()(get) const { return seen_; }
    numbers seen_{};
};

struct long_sender : plain_sender {
    using outbox = drover::outbox<64>;
    using plain_sender::operator();
};

}  // namespace

TEST_CASE("outbox: memory that was set apart for a receiver goes back") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto a = w.rt.spawn<sorter>();
        const auto b = w.rt.spawn<sorter>();
        numbers expected;
        inside(w.rt.spawn<long_sender>(), [&](drover::context&) {
            for (int number = 0; number != 301; ++number) {
                for (const auto& to : {a, b}) {
                    if (number % 20 < 15) {
                        to.tell(item{number});
                    } else {
                        to.tell(sorter::wide{number, {}});
                    }
                }
                expected.push_back(number);
            }
        });
        await(a, expected);
        await(b, expected);
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

struct selfish {
    using outbox = drover::outbox<3>;
    void operator()(item i, drover::context& me) {
        seen_.push_back(i.number);
        if (i.number == 0) {
            for (int each = 1; each != 8; ++each) {
                me.self<selfish>().tell(item{each});
            }
        }
    }
    numbers operator()(get) const { return seen_; }
    numbers seen_{};
};

}  // namespace

TEST_CASE("outbox: an actor that tells itself hears it in order, after what it does now") {
    world w(1);
    const auto h = w.rt.spawn<selfish>();
    h.tell(item{0});
    await(h, {0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("outbox: a receiver that has stopped is told apart at once, or when the chain is pushed") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto from = w.rt.spawn<sender>();
        door first_gone;
        const auto gone = w.rt.spawn<mortal>(&first_gone);
        gone.stop();
        await_closed(gone);
        delivery said{};
        inside(from, [&](drover::context&) { said = gone.tell(item{1}); });
        CHECK(said == delivery::stopped);
        CHECK(w.rt.statistics().dead(reason::stopped) == 1);

        // The last reference goes while the chain is not pushed yet.
        door second_gone;
        answers later;
        auto to = w.rt.spawn<mortal>(&second_gone);
        inside(from, [&](drover::context&) {
            later.push_back(to.tell(item{1}));
            later.push_back(to.tell(item{2}));
            to.stop();
            while (!to.stopped()) {
                drover::yield_thread();
            }
            to = {};
        });
        CHECK(later == answers{delivery::deferred, delivery::deferred});
        wait_until([&] { return w.rt.statistics().dead(reason::stopped) == 3; });
        CHECK(w.finish());
        check_identity(w.rt.statistics());
        CHECK(w.heard.letters().size() == 3);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("outbox: the runtime's option is for actors that do not choose") {
    world w(2, [](drover::runtime_options& o) { o.outbox = 3; });
    const auto to = w.rt.spawn<sink>();
    const auto three = [&](const auto& from) {
        answers said;
        inside(from, [&](drover::context&) {
            for (int i = 0; i != 4; ++i) {
                said.push_back(to.tell(item{i}));
            }
        });
        return said;
    };
    CHECK(three(w.rt.spawn<plain_sender>()) ==
          answers{delivery::deferred, delivery::deferred, delivery::accepted, delivery::deferred});
    CHECK(three(w.rt.spawn<sender>()) ==
          answers{delivery::deferred, delivery::deferred, delivery::deferred, delivery::accepted});
    CHECK(three(w.rt.spawn<never>()) == answers(4, delivery::accepted));
    CHECK(to.tell(item{9}) == delivery::accepted);  // a thread of ours has none
    wait_until([&] { return to.ask(get{}).get().size() == 13; });
    CHECK(w.finish());

    world none;
    const auto there = none.rt.spawn<sink>();
    delivery straight{};
    inside(none.rt.spawn<plain_sender>(), [&](drover::context&) { straight = there.tell(item{1}); });
    CHECK(straight == delivery::accepted);
}

TEST_CASE("outbox: a size out of range is refused with a sentence") {
    CHECK(refusal(1) == "drover: runtime_options::outbox is 1; use 2 to 65536 messages, or 0 for no outbox");
    CHECK(refusal(65537) == "drover: runtime_options::outbox is 65537; use 2 to 65536 messages, or 0 for no outbox");
    CHECK(refusal(0) == "no error");
    CHECK(refusal(2) == "no error");
    CHECK(refusal(65536) == "no error");
}

TEST_CASE("outbox: actors of another runtime and bounded mailboxes are sent to at once") {
    world here;
    world there;
    const auto near = here.rt.spawn<sink>();
    const auto far = there.rt.spawn<sink>();
    const auto bounded = here.rt.spawn<roomy>();
    const auto from = here.rt.spawn<sender>();
    answers said;
    inside(from, [&](drover::context&) {
        for (int i = 0; i != 3; ++i) {
            said.push_back(near.tell(item{i}));
            said.push_back(far.tell(item{i}));
            said.push_back(bounded.tell(item{i}));
        }
    });
    answers expected;
    for (int i = 0; i != 3; ++i) {
        expected.insert(expected.end(), {delivery::deferred, delivery::accepted, delivery::accepted});
    }
    CHECK(said == expected);
    await(near, {0, 1, 2});
    await(far, {0, 1, 2});
    await(bounded, {0, 1, 2});
    CHECK(here.finish());
    CHECK(there.finish());
    check_identity(here.rt.statistics());
    check_identity(there.rt.statistics());
}

TEST_CASE("outbox: what a dead letter sink tells is not lost when it hears of an actor's end") {
    drover::ref<counter> log;
    world w(2, [&](drover::runtime_options& o) {
        o.on_dead_letter = [&](const drover::dead_letter&) { log.tell(item{1}); };
    });
    std::atomic<int> told = 0;
    log = w.rt.spawn<counter>(&told);
    const auto from = w.rt.spawn<sender>();
    inside(from, [&](drover::context& me) {
        me.stop();
        for (int i = 0; i != 10; ++i) {
            me.self<sender>().tell(act{});
        }
    });
    wait_until([&] { return from.stopped(); });
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead(reason::stopped) == 10);
    CHECK(told == 10);
    check_identity(w.rt.statistics());
}

TEST_CASE("outbox: what a dead letter sink tells is not lost when it falls on a place that is being emptied") {
    constexpr int many = 4000;
    std::vector<drover::ref<counter>> log;
    door unused;
    world w(2, [&](drover::runtime_options& o) {
        o.on_dead_letter = [&](const drover::dead_letter&) {
            for (const auto& each : log) {
                each.tell(item{1});
            }
        };
    });
    std::atomic<int> logged = 0;
    std::atomic<int> told = 0;
    std::vector<drover::ref<counter>> to;
    for (int i = 0; i != many; ++i) {
        log.push_back(w.rt.spawn<counter>(&logged));
        to.push_back(w.rt.spawn<counter>(&told));
    }
    const auto gone = w.rt.spawn<mortal>(&unused);
    inside(w.rt.spawn<sender>(), [&](drover::context&) {
        gone.tell(item{1});
        gone.stop();
        await_closed(gone);  // so that this worker calls the sink, amid the flush
        for (const auto& each : to) {
            each.tell(item{1});
        }
    });
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead(reason::stopped) == 1);
    CHECK(told == many);
    CHECK(logged == many);
    check_identity(w.rt.statistics());
}
