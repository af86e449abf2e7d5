#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"

using namespace std::chrono_literals;

namespace {

struct traced : drover::features {
    using tracing = drover::flight_tracing<>;
};
using app = drover::with<traced>;
using kind = drover::flight_event_kind;

static_assert(drover::tracing_policy<drover::flight_tracing<drover::sample_one_in<100>, 1024>>);
static_assert(sizeof(drover::envelope_of<traced>) == 16 + sizeof(drover::trace_context));
static_assert(sizeof(drover::trace_context) == 32);

constexpr drover::trace_context from_elsewhere{{0x0af7651916cd43ddU, 0x8448eb211c80319cU},
                                               drover::span_id{0xb7ad6b7169203331U},
                                               drover::trace_context::sampled_flag};

/// The events that were recorded by a piece of code, by the names of messages.
class story {
public:
    story() : recording_(drover::read_flight_recorder()) {}

    std::vector<drover::flight_event> all(kind wanted, std::string_view message) const {
        std::vector<drover::flight_event> found;
        for (const auto& thread : recording_.threads) {
            for (const auto& each : thread.events) {
                if (each.kind == wanted && each.names != nullptr && each.names->message.ends_with(message)) {
                    found.push_back(each);
                }
            }
        }
        return found;
    }
    drover::flight_event one(kind wanted, std::string_view message) const {
        const auto found = all(wanted, message);
        INFO(message);
        REQUIRE(found.size() == 1);
        return found.front();
    }
    std::uint64_t span(std::string_view message) const { return to_integer(one(kind::sent, message).span); }
    std::uint64_t parent(std::string_view message) const { return one(kind::sent, message).other; }

    std::size_t count() const {
        std::size_t events = 0;
        for (const auto& thread : recording_.threads) {
            events += thread.events.size();
        }
        return events;
    }

    // Every stretch of every handler ends, in the order of a stack.
    bool nested() const {
        for (const auto& thread : recording_.threads) {
            std::vector<drover::span_id> open;
            for (const auto& each : thread.events) {
                if (each.kind == kind::began || each.kind == kind::resumed) {
                    open.push_back(each.span);
                } else if (each.kind == kind::ended) {
                    if (open.empty() || open.back() != each.span) {
                        return false;
                    }
                    open.pop_back();
                }
            }
            if (!open.empty()) {
                return false;
            }
        }
        return true;
    }

    std::vector<drover::flight_event> roots() const {
        std::vector<drover::flight_event> found;
        for (const auto& thread : recording_.threads) {
            std::copy_if(thread.events.begin(), thread.events.end(), std::back_inserter(found),
                         [](const auto& each) { return each.kind == kind::rooted; });
        }
        return found;
    }

private:
    drover::flight_recording recording_;
};

/// The time of a simulated runtime.
class time_of final : public drover::clock_source {
public:
    explicit time_of(const app::simulated_runtime& rt) : rt_(rt) {}
    drover::time_point now() const noexcept override { return rt_.now(); }
    bool attach(drover::clock_listener&) override { return false; }
    void detach(drover::clock_listener&) noexcept override {}

private:
    const app::simulated_runtime& rt_;
};

template <int>
struct note {
    int n = 0;
};
using told = note<0>;
using asked = note<1>;
using pooled = note<2>;
using published = note<3>;
using delayed = note<4>;
using repeated = note<5>;
using begun = note<6>;
using after_reply = note<7>;
using after_sleep = note<8>;
using slowly = note<9>;
using asked_slowly = note<10>;
using at_once = note<11>;

struct clerk {
    int operator()(asked a) const { return a.n; }
    int operator()(asked_slowly a) const { return a.n; }
    template <int N>
    void operator()(note<N>) const {}
};
struct member {
    void operator()(pooled) const {}
};
struct listener {
    void operator()(const published&) const {}
};
struct patient {
    app::ref<clerk> other;
    drover::task<int> operator()(slowly s) {
        auto question = other.ask(asked_slowly{s.n});
        const int answer = co_await question;
        co_await drover::sleep_for(1s);
        other.tell(after_sleep{answer});
        co_return answer;
    }
};

struct failing {
    static constexpr drover::supervision supervision{.redeliver = 3};
    explicit failing(int& calls) : calls_(calls) {}
    void operator()(const told&) {
        if (++calls_ < 3) {
            throw std::runtime_error("not yet");
        }
    }
    int& calls_;
};

struct counting {
    using batches = drover::of<told>;
    using batching = drover::up_to<8>;
    void operator()(std::span<told> some) { seen += some.size(); }
    std::size_t seen = 0;
};

struct narrow {
    using mailbox = drover::bounded_mailbox<1>;
    void operator()(told) {}
    void operator()(begun) {}
};

}  // namespace

TEST_CASE("the trace of a simulated run shows every cause") {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        CAPTURE(seed);
        app::simulated_runtime rt(seed);
        const time_of clock(rt);
        const drover::flight_clock virtual_time(clock);
        const auto other = rt.spawn<clerk>();
        const auto slow = rt.spawn<patient>(other);
        const auto members = drover::spawn_pool<member>(rt, drover::pool_options<drover::round_robin>{.members = 2});
        const app::topic<published> news(rt);
        news.subscribe(rt.spawn<listener>());
        rt.run_until_idle();
        drover::clear_flight_recorder();

        drover::timer_handle again;
        const auto first = rt.spawn([&](begun, app::context& me) {
            other.tell(told{});
            other.ask(asked{1}).then(me, [&](const auto&) { other.tell(after_reply{}); });
            members.tell(pooled{});
            news.publish(published{});
            other.tell_after(1s, delayed{});
            other.tell_after(0s, at_once{});
            again = other.tell_every(1s, repeated{});
            slow.ask(slowly{2}).then(me, [](const auto&) {});
        });
        {
            const drover::trace_scope scope(from_elsewhere);
            first.tell(begun{});
        }
        rt.advance(2500ms);
        again.cancel();
        const story seen;

        const std::uint64_t root = seen.span("note<6>");
        CHECK(seen.parent("note<6>") == to_integer(from_elsewhere.span));
        const auto roots = seen.roots();
        REQUIRE(roots.size() == 1);
        CHECK(roots[0].trace == from_elsewhere.trace);
        CHECK(to_integer(roots[0].span) == root);

        // What the handler has done itself.
        for (const char* each : {"note<0>", "note<1>", "note<2>", "note<3>", "note<4>", "note<9>", "note<11>"}) {
            CAPTURE(each);
            CHECK(seen.parent(each) == root);
            CHECK(to_integer(seen.one(kind::began, each).span) == seen.span(each));
        }

        // The reply is caused by who answers, and what goes on with it goes on in its own trace.
        CHECK(seen.parent("note<7>") == root);
        CHECK(seen.parent("note<10>") == seen.span("note<9>"));
        CHECK(seen.parent("note<8>") == seen.span("note<9>"));
        std::map<std::uint64_t, std::uint64_t> replies;  // by their parents
        for (const auto& each : seen.all(kind::replied, "int")) {
            replies[each.other] = to_integer(each.span);
        }
        CHECK(replies.size() == 3);
        std::map<std::uint64_t, std::uint64_t> went_on;  // by the replies
        for (const auto& each : seen.all(kind::resumed, "int")) {
            went_on[each.other] = to_integer(each.span);
        }
        CHECK(went_on.size() == 3);
        CHECK(went_on[replies[seen.span("note<1>")]] == root);
        CHECK(went_on[replies[seen.span("note<10>")]] == seen.span("note<9>"));
        CHECK(went_on[replies[seen.span("note<9>")]] == root);
        CHECK(to_integer(seen.one(kind::resumed, "time").span) == seen.span("note<9>"));

        // A message for later is sent when it is told, and due when its time has come.
        const auto due = seen.one(kind::due, "note<4>");
        CHECK(to_integer(due.span) == seen.span("note<4>"));
        CHECK(due.at - seen.one(kind::sent, "note<4>").at == 1s);
        CHECK(seen.all(kind::due, "note<11>").size() == 1);
        const auto ticks = seen.all(kind::sent, "note<5>");
        REQUIRE(ticks.size() == 2);
        CHECK(ticks[0].span != ticks[1].span);
        CHECK(ticks[1].at - ticks[0].at == 1s);
        for (const auto& each : ticks) {
            CHECK(each.other == root);
        }
        CHECK(seen.nested());
        CHECK(seen.one(kind::began, "note<2>").names->actor.ends_with("member"));
    }
}

TEST_CASE("what a sampler leaves out costs no record, and neither does what follows from it") {
    struct others : drover::features {
        using tracing = drover::flight_tracing<drover::sample_parents>;
    };
    using quiet = drover::with<others>;
    quiet::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    std::vector<drover::trace_context> seen;
    const auto last = rt.spawn([&](told t) {
        seen.push_back(drover::current_trace());
        return t.n;
    });
    const auto first = rt.spawn([&](begun, quiet::context& me) {
        seen.push_back(drover::current_trace());
        last.tell(told{});
        last.ask(told{}).then(me, [&](const auto&) { seen.push_back(drover::current_trace()); });
        last.tell_after(1s, told{});
    });
    SECTION("a trace that would begin here") {
        first.tell(begun{});
        rt.advance(2s);
        REQUIRE(seen.size() == 5);
        for (const auto& each : seen) {
            CHECK_FALSE(each.valid());
            CHECK_FALSE(each.sampled());
            CHECK_FALSE(each.empty());  // decided: nobody asks the sampler again
        }
        CHECK(story().count() == 0);
    }
    SECTION("one that others have not sampled keeps its ids, for those who come after") {
        {
            const drover::trace_scope scope({from_elsewhere.trace, from_elsewhere.span, 0});
            first.tell(begun{});
        }
        rt.advance(2s);
        REQUIRE(seen.size() == 5);
        for (const auto& each : seen) {
            CHECK(each == drover::trace_context{from_elsewhere.trace, from_elsewhere.span, 0});
        }
        CHECK(story().count() == 0);
    }
    SECTION("one that others have sampled is recorded") {
        {
            const drover::trace_scope scope(from_elsewhere);
            first.tell(begun{});
        }
        rt.advance(2s);
        REQUIRE(seen.size() == 5);
        for (const auto& each : seen) {
            CHECK(each.trace == from_elsewhere.trace);
            CHECK(each.flags == drover::trace_context::sampled_flag);
            CHECK(each.span != from_elsewhere.span);
        }
        CHECK(story().all(kind::sent, "note<0>").size() == 3);
    }
}

TEST_CASE("what a timer sends for nobody's sake begins a trace each time") {
    app::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    const auto one = rt.spawn([](repeated) {});
    drover::timer_handle again = one.tell_every(1s, repeated{});
    rt.advance(3s);
    again.cancel();
    const story seen;
    CHECK(seen.roots().size() == 3);
    for (const auto& each : seen.all(kind::sent, "note<5>")) {
        CHECK(each.other == 0);
    }
}

TEST_CASE("the messages of a batch are all taken by one handler") {
    app::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    const auto one = rt.spawn<counting>();
    one.tell_batch(std::vector<told>(3));
    rt.run_until_idle();
    const story seen;
    CHECK(seen.all(kind::sent, "note<0>").size() == 3);
    const auto handler = seen.one(kind::began, "note<0>");
    const auto along = seen.all(kind::joined, "note<0>");
    REQUIRE(along.size() == 2);
    for (const auto& each : along) {
        CHECK(each.other == to_integer(handler.span));
        CHECK(each.span != handler.span);
    }
    CHECK(seen.nested());
}

TEST_CASE("a handler that throws has ended, and one that has the message again begins again") {
    app::simulated_runtime rt(1, {.on_failure = [](const drover::failure&) {}});
    drover::clear_flight_recorder();
    int calls = 0;
    rt.spawn<failing>(std::ref(calls)).tell(told{});
    rt.advance(10s);
    CHECK(calls == 3);
    const story seen;
    const auto begins = seen.all(kind::began, "note<0>");
    CHECK(begins.size() == 3);
    for (const auto& each : begins) {
        CHECK(to_integer(each.span) == seen.span("note<0>"));
    }
    CHECK(seen.nested());
}

TEST_CASE("an ask that times out goes on without a reply") {
    app::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    app::promise<int> kept;
    const auto silent = rt.spawn([&](told, app::context& me) {
        kept = me.later<int>();
        return drover::later<int>{};
    });
    bool over = false;
    const auto one = rt.spawn(
        [&](begun, app::context& me) { silent.ask(told{}, 1s).then(me, [&](const auto& reply) { over = !reply; }); });
    one.tell(begun{});
    rt.advance(2s);
    CHECK(over);
    const story seen;
    const auto went_on = seen.one(kind::resumed, "int");
    CHECK(to_integer(went_on.span) == seen.span("note<6>"));
    CHECK(went_on.other == 0);
    CHECK(seen.all(kind::replied, "int").empty());
    kept = {};
}

TEST_CASE("who asks outside of any trace goes on in the trace of the reply") {
    app::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    const auto other = rt.spawn<clerk>();
    struct starter {
        app::ref<clerk> other;
        void started(app::context& me) {
            other.ask(asked{1}).then(me, [to = other](const auto&) { to.tell(after_reply{}); });
        }
        void operator()(begun) {}
    };
    rt.spawn<starter>(other);
    rt.run_until_idle();
    const story seen;
    CHECK(seen.roots().size() == 1);
    CHECK(seen.parent("note<7>") == to_integer(seen.one(kind::replied, "int").span));
}

TEST_CASE("a coroutine that waits for room goes on in its own trace") {
    app::simulated_runtime rt(1);
    drover::clear_flight_recorder();
    const auto full = rt.spawn<narrow>();
    const auto one = rt.spawn([&](slowly, app::context&) -> drover::task<> {
        full.tell(begun{});
        co_await full.tell_when_room(told{});
    });
    one.tell(slowly{});
    rt.run_until_idle();
    const story seen;
    CHECK(seen.parent("note<0>") == seen.span("note<9>"));
    CHECK(to_integer(seen.one(kind::resumed, "room").span) == seen.span("note<9>"));
    CHECK(seen.nested());
}

TEST_CASE("waiting for an answer in a trace leaves the thread in that trace") {
    app::simulated_runtime rt(1);
    const auto other = rt.spawn<clerk>();
    const drover::trace_scope scope(from_elsewhere);
    CHECK(other.ask(asked{3}).get() == 3);  // the handler has run in this thread
    CHECK(drover::current_trace() == from_elsewhere);
}

TEST_CASE("without memory for its ring a thread goes on, and records nothing") {
    drover::clear_flight_recorder();
    std::thread([] {
        static constexpr drover::message_names names{"nobody", "nothing"};
        drover::flight_tracing<>::stamp lost;
        {
            const drover_test::failing_new none;
            drover::flight_tracing<>::sent(lost, {}, names);
        }
        CHECK(lost.valid());
        CHECK(story().all(kind::sent, "nothing").empty());
        drover::flight_tracing<>::sent(lost, {}, names);
        CHECK(story().all(kind::sent, "nothing").size() == 1);
    }).join();
}
