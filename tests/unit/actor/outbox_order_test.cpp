#include <drover/actor/outbox.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/world.hpp"

using drover_test::await_closed;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::failing_new;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using drover::delivery;

struct item {
    int number;
};
struct question {};

// What it has seen can be read from anywhere: a message that is in the outbox has not been seen.
struct receiver {
    void operator()(item i) {
        const std::lock_guard lock(*mutex);
        seen->push_back(i.number);
    }
    std::size_t operator()(question) const {
        const std::lock_guard lock(*mutex);
        return seen->size();
    }
    std::mutex* mutex;
    std::vector<int>* seen;
};

struct inbox {
    std::mutex mutex;
    std::vector<int> seen;
    std::vector<int> now() {
        const std::lock_guard lock(mutex);
        return seen;
    }
};

// Not the accounts alone: they say so as well if a message was never sent.
void settle(world& w, inbox& in, std::size_t count) {
    wait_until([&] { return in.now().size() >= count; });
    w.settle();
}

using job = std::function<void(drover::context&)>;

// Does in a handler whatever a test wants done there.
template <std::size_t N>
struct sender {
    using outbox = drover::outbox<N>;
    void operator()(const job& work, drover::context& me) { work(me); }
    int operator()(question) const { return 7; }
};

// By the runtime's option, if at all.
struct plain_sender {
    void operator()(const job& work, drover::context& me) { work(me); }
};

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

void tell(const drover::handle& actor, job work) {
    actor.as<sender<4>>().tell(std::move(work));
}
void tell(const drover::ref<sender<64>>& actor, job work) {
    actor.tell(std::move(work));
}

}  // namespace

TEST_CASE("a tell of an actor with an outbox is deferred to the end of the run") {
    door told;
    door leave;
    world w;
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto s = w.rt.spawn<sender<4>>();
    std::array<delivery, 3> answers{};
    tell(s, [&](drover::context&) {
        for (delivery& each : answers) {
            each = r.tell(item{1});
        }
        told.open();
        leave.pass();
    });
    told.pass();
    CHECK(r.ask(question{}).get() == 0);  // handled by the other worker: nothing was pushed
    leave.open();
    settle(w, in, 3);
    CHECK(answers == std::array{delivery::deferred, delivery::deferred, delivery::deferred});
    CHECK(in.now().size() == 3);
    check_identity(w.rt.statistics());
}

TEST_CASE("an outbox pushes the chain of a receiver when it has N messages, and not those of others") {
    door told;
    door leave;
    world w;
    inbox first;
    inbox second;
    const auto a = w.rt.spawn<receiver>(&first.mutex, &first.seen);
    const auto b = w.rt.spawn<receiver>(&second.mutex, &second.seen);
    const auto s = w.rt.spawn<sender<4>>();
    std::vector<delivery> answers;
    tell(s, [&](drover::context&) {
        static_cast<void>(b.tell(item{0}));
        for (int each = 1; each <= 5; ++each) {
            answers.push_back(a.tell(item{each}));
        }
        told.open();
        leave.pass();
    });
    told.pass();
    wait_until([&] { return first.now().size() == 4; });
    CHECK(a.ask(question{}).get() == 4);
    CHECK(b.ask(question{}).get() == 0);
    leave.open();
    settle(w, first, 5);
    settle(w, second, 1);
    CHECK(first.now() == std::vector<int>{1, 2, 3, 4, 5});
    CHECK(second.now().size() == 1);
    CHECK(answers == std::vector{delivery::deferred, delivery::deferred, delivery::deferred, delivery::accepted,
                                 delivery::deferred});
}

TEST_CASE("ask, try_tell, tell_batch, stop_when_drained and a throw send what was told before") {
    world w;
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto s = w.rt.spawn<sender<4>>();
    const auto tell_and = [&](const std::function<void()>& then) {
        in.seen.clear();
        tell(s, [&, then](drover::context&) {
            r.tell(item{1});
            then();
            wait_until([&] { return !in.now().empty(); });  // amid the handler
        });
        w.settle();
    };
    SECTION("ask") {
        tell_and([&] { static_cast<void>(r.ask(question{})); });
        CHECK(in.now() == std::vector<int>{1});
    }
    SECTION("try_tell") {
        tell_and([&] {
            item two{2};
            static_cast<void>(r.try_tell(two));
        });
        CHECK(in.now() == std::vector<int>{1, 2});
    }
    SECTION("tell_batch") {
        tell_and([&] { r.tell_batch(std::vector<item>{{2}, {3}}); });
        CHECK(in.now() == std::vector<int>{1, 2, 3});
    }
    SECTION("stop_when_drained") {
        tell_and([&] { r.stop_when_drained(); });
        wait_until([&] { return r.stopped(); });
        CHECK(in.now() == std::vector<int>{1});
        CHECK(w.rt.statistics().dead() == 0);
    }
    SECTION("a throw") {
        tell(s, [&](drover::context&) {
            r.tell(item{1});
            throw std::runtime_error("late");
        });
        settle(w, in, 1);
        wait_until([&] { return s.stopped(); });
        CHECK(in.now() == std::vector<int>{1});
        CHECK(w.rt.statistics().dead(reason::failed) == 1);
    }
    check_identity(w.rt.statistics());
}

TEST_CASE("the answer to an ask does not overtake what its handler told before") {
    struct teller {
        std::size_t operator()(const drover::ref<receiver>& to) const {
            to.tell(item{1});
            return 5;
        }
    };
    inbox in;
    world boxed(2, [](drover::runtime_options& o) { o.outbox = 8; });
    const auto far = boxed.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto answering = boxed.rt.spawn<teller>();
    for (std::size_t round = 1; round <= 200; ++round) {
        CHECK(answering.ask(far).get() == 5);
        CHECK(far.ask(question{}).get() == round);
    }
}

TEST_CASE("an outbox keeps the order to one receiver through every way of sending") {
    world w;
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto s = w.rt.spawn<sender<4>>();
    std::vector<int> sent;
    for (int round = 0; round != 100; ++round) {
        tell(s, [&](drover::context&) {
            for (int each = 0; each != 11; ++each) {
                const int number = static_cast<int>(sent.size());
                sent.push_back(number);
                if (each % 5 == 4) {
                    item one{number};
                    CHECK(r.try_tell(one) == delivery::accepted);
                } else if (each % 7 == 6) {
                    r.tell_batch(std::vector<item>{{number}});
                } else {
                    r.tell(item{number});
                }
            }
        });
    }
    settle(w, in, 1100);
    CHECK(in.now() == sent);
}

TEST_CASE("the outbox of the runtime is for actors without an own choice; outbox<0> refuses it") {
    world w(2, [](drover::runtime_options& o) { o.outbox = 8; });
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    std::array<delivery, 3> answers{};
    w.rt.spawn<plain_sender>().tell(job([&](drover::context&) { answers[0] = r.tell(item{1}); }));
    settle(w, in, 1);
    w.rt.spawn<sender<0>>().tell(job([&](drover::context&) { answers[1] = r.tell(item{2}); }));
    settle(w, in, 2);
    world none;
    const auto far = none.rt.spawn<receiver>(&in.mutex, &in.seen);
    none.rt.spawn<plain_sender>().tell(job([&](drover::context&) { answers[2] = far.tell(item{3}); }));
    settle(none, in, 3);
    CHECK(answers == std::array{delivery::deferred, delivery::accepted, delivery::accepted});
    CHECK(in.now() == std::vector<int>{1, 2, 3});
}

TEST_CASE("sends to another runtime, and to limited mailboxes, go straight") {
    world w;
    world elsewhere;
    inbox in;
    const auto far = elsewhere.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto near = w.rt.spawn<receiver>(drover::spawn_in<drover::bounded_mailbox<1>>{}, &in.mutex, &in.seen);
    std::array<delivery, 2> answers{};
    const auto s = w.rt.spawn<sender<4>>();
    tell(s, [&](drover::context&) {
        answers[0] = far.tell(item{1});
        answers[1] = near.tell(item{2});
    });
    settle(w, in, 2);
    elsewhere.settle();
    CHECK(answers == std::array{delivery::accepted, delivery::accepted_above_high_water});
    CHECK(in.now().size() == 2);
}

TEST_CASE("messages in an outbox whose receiver stops are dead letters, each once") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        inbox in;
        const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
        const auto s = w.rt.spawn<sender<4>>();
        delivery late{};
        tell(s, [&](drover::context&) {
            r.tell(item{1});
            r.tell(item{2});
            r.stop();
            wait_until([&] { return r.stopped(); });
            late = r.tell(item{3});
        });
        wait_until([&] { return w.rt.statistics().dead(reason::stopped) == 3; });
        w.settle();
        CHECK(late != delivery::deferred);  // it may still be on its way out, but is past the outbox
        CHECK(in.now().empty());
        CHECK(w.rt.statistics().dead(reason::stopped) == 3);
        CHECK(w.heard.dead(reason::stopped) == 3);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

struct early {
    using outbox = drover::outbox<8>;
    explicit early(drover::ref<receiver> to) : to_(std::move(to)) {}
    void started(drover::context&) { to_.tell(item{1}); }
    void stopped(const drover::stop_reason&) { to_.tell(item{2}); }
    void operator()(item) {}
    drover::ref<receiver> to_;
};

// Where an outbox looks for the chain of a receiver first.
template <class A>
std::uintptr_t place_of(const drover::ref<A>& r) {
    return ((reinterpret_cast<std::uintptr_t>(r.cell()) * 0x9E3779B97F4A7C15U) >> 32U) /
           ((std::uintptr_t{1} << 32U) / drover::basic_outbox<drover::features>::first_places);
}

struct neighbour {
    drover::ref<receiver> to;
    inbox* in;
};

// Actors that fall on one place. Their inboxes are kept in `all`.
std::vector<neighbour> neighbours(world& w, std::size_t count, std::list<inbox>& all) {
    std::array<std::vector<neighbour>, drover::basic_outbox<drover::features>::first_places> found;
    for (;;) {
        inbox& in = all.emplace_back();
        const auto fresh = w.rt.spawn<receiver>(&in.mutex, &in.seen);
        auto& here = found.at(place_of(fresh));
        here.push_back({fresh, &in});
        if (here.size() == count) {
            return here;
        }
    }
}

}  // namespace

TEST_CASE("receivers on one place all get all, in order, each in its own chain") {
    std::list<inbox> inboxes;
    world w(1);
    const auto three = neighbours(w, 3, inboxes);
    const auto s = w.rt.spawn<sender<64>>();
    std::vector<delivery> answers;
    tell(s, [&](drover::context&) {
        for (int each = 0; each != 99; ++each) {
            answers.push_back(three[static_cast<std::size_t>(each % 3)].to.tell(item{each}));
        }
    });
    for (const neighbour& each : three) {
        settle(w, *each.in, 33);
    }
    CHECK(answers == std::vector<delivery>(99, delivery::deferred));
    int first = 0;
    for (const neighbour& each : three) {
        std::vector<int> wanted;
        for (int number = first++; number < 99; number += 3) {
            wanted.push_back(number);
        }
        CHECK(each.in->now() == wanted);
    }
    check_identity(w.rt.statistics());
    CHECK(w.rt.statistics().pending == 0);
}

// A sink tells, in the middle of a flush, those who have had their chain, those who have not, and many who are new: the
// table grows, or empties itself, under the flush. `ask` flushes it again.
TEST_CASE("what the dead-letter sink sends while an outbox is flushed is not lost, and keeps its order") {
    const auto fresh = GENERATE(std::size_t{0}, std::size_t{200}, std::size_t{2100});
    const bool asks = GENERATE(false, true);
    const std::size_t before = blocks_in_use();
    {
        inbox firsts;
        inbox lasts;
        inbox crowd;
        std::vector<drover::ref<receiver>> served;
        int letters = 0;
        drover::ref<receiver> first;
        drover::ref<receiver> last;
        world w(2, [&](drover::runtime_options& o) {
            o.on_dead_letter = [&](const drover::dead_letter&) {
                letters += 1;
                if (letters == 1) {
                    first.tell(item{10});
                    last.tell(item{11});
                    for (const auto& each : served) {
                        each.tell(item{12});
                    }
                    if (asks) {
                        static_cast<void>(first.ask(question{}));
                    }
                    first.tell(item{13});
                    last.tell(item{14});
                }
            };
        });
        first = w.rt.spawn<receiver>(&firsts.mutex, &firsts.seen);
        last = w.rt.spawn<receiver>(&lasts.mutex, &lasts.seen);
        for (std::size_t each = 0; each != fresh; ++each) {
            served.push_back(w.rt.spawn<receiver>(&crowd.mutex, &crowd.seen));
        }
        const auto gone = w.rt.spawn<receiver>(&crowd.mutex, &crowd.seen);
        const auto s = w.rt.spawn<sender<64>>();
        tell(s, [&](drover::context&) {
            first.tell(item{1});
            gone.tell(item{1});
            last.tell(item{1});
            first.tell(item{2});
            gone.stop();
            await_closed(gone);  // so that this worker calls the sink, amid the flush
            last.tell(item{2});
        });
        settle(w, firsts, 4);
        settle(w, lasts, 4);
        settle(w, crowd, fresh);
        CHECK(letters == 1);
        CHECK(firsts.now() == std::vector<int>{1, 2, 10, 13});
        CHECK(lasts.now() == std::vector<int>{1, 2, 11, 14});
        CHECK(crowd.now().size() == fresh);
        CHECK(w.rt.statistics().pending == 0);
        check_identity(w.rt.statistics());
        served.clear();
        first = {};
        last = {};
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("without memory for an outbox a run sends straight") {
    world w(1);
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto s = w.rt.spawn<sender<4>>();
    delivery answer{};
    // The run before leaves the worker's thread without memory; a run of an actor that has an outbox follows.
    const auto starving = w.rt.spawn<plain_sender>();
    failing_new* scope = nullptr;
    starving.tell(
        job([&](drover::context&) { scope = new failing_new(0, sizeof(drover::basic_outbox<drover::features>)); }));
    w.settle();
    tell(s, [&](drover::context&) { answer = r.tell(item{1}); });
    settle(w, in, 1);
    starving.tell(job([&](drover::context&) { delete scope; }));
    w.settle();
    CHECK(answer == delivery::accepted);
    tell(s, [&](drover::context&) { answer = r.tell(item{2}); });
    settle(w, in, 2);
    CHECK(answer == delivery::deferred);
    CHECK(in.now() == std::vector<int>{1, 2});
}

TEST_CASE("what started and stopped tell goes through the outbox and out of it") {
    world w;
    inbox in;
    const auto r = w.rt.spawn<receiver>(&in.mutex, &in.seen);
    const auto e = w.rt.spawn<early>(r);
    wait_until([&] { return in.now().size() == 1; });
    e.stop();
    wait_until([&] { return in.now().size() == 2; });
    CHECK(in.now() == std::vector<int>{1, 2});
}

TEST_CASE("an outbox of a size that makes no sense is refused with a sentence") {
    for (const std::size_t wrong : {std::size_t{1}, std::size_t{65537}}) {
        drover::runtime_options options;
        options.outbox = wrong;
        CHECK_THROWS_WITH(drover::check(options), "drover: runtime_options::outbox is " + std::to_string(wrong) +
                                                      "; use 2 to 65536 messages, or 0 for no outbox");
    }
    for (const std::size_t right : {std::size_t{0}, std::size_t{2}, std::size_t{65536}}) {
        drover::runtime_options options;
        options.outbox = right;
        CHECK_NOTHROW(drover::check(options));
    }
}
