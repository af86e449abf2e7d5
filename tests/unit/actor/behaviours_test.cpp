#include <drover/actor/behaviours.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct knock {};
struct unlock {
    int code;
};
struct lock {};
struct count {};

struct closed;
struct open;
struct broken;
using gate = drover::behaviours<closed, open, broken>;

std::atomic<int> closed_alive{0};
std::atomic<int> open_alive{0};
std::vector<std::string> heard;  // by one actor at a time; read when it is settled

template <std::atomic<int>& Alive>
struct counted {
    counted() { Alive += 1; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { Alive -= 1; }
};

struct closed {
    explicit closed(int code) : code_(code) {}

    void started(drover::context&) { heard.push_back("started closed"); }
    void entered(drover::context&) { heard.push_back("entered closed"); }
    void stopped(const drover::stop_reason&) { heard.push_back("stopped closed"); }

    std::string operator()(knock) {
        knocks_ += 1;
        return "closed";
    }
    bool operator()(unlock key, drover::context& me);
    int operator()(count) const { return knocks_; }

    counted<closed_alive> alive_{};
    int code_;
    int knocks_ = 0;
};

struct open {
    explicit open(int code) : code_(code) {}

    void entered(drover::context&) { heard.push_back("entered open"); }
    void stopped(const drover::stop_reason&) { heard.push_back("stopped open"); }

    std::string operator()(const knock&) { return "open"; }
    void operator()(lock, drover::context& me) { drover::become<closed>(me, code_); }

    counted<open_alive> alive_{};
    int code_;
};

struct broken {};

bool closed::operator()(unlock key, drover::context& me) {
    if (key.code != code_) {
        return false;
    }
    drover::become<open>(me, code_);
    heard.push_back("unlocks");
    return closed_alive == 1 && open_alive == 1;  // this one is alive to the end of its handler
}

std::vector<std::string> take_heard() {
    return std::exchange(heard, {});
}

struct step {};
struct where {};

// Changes in every place where become may be called.
struct first_step;
struct second_step;
struct third_step;
using stairs = drover::behaviours<first_step, second_step, third_step>;

struct first_step {
    void started(drover::context& me) { drover::become<second_step>(me, 5); }
    int operator()(where) const { return 1; }
};

struct echo {
    int operator()(int n) const { return n; }
};

struct second_step {
    explicit second_step(int n) : n_(n) {}
    void entered(drover::context& me) { other_ = me.spawn<echo>(); }
    int operator()(where) const { return 2; }
    drover::later<int> operator()(step, drover::context& me) {
        auto promise = me.later<int>();
        other_.ask(n_).then(me, [this, promise = std::move(promise)](auto result) mutable {
            drover::become<third_step>(*drover::context::current(), result.value());
            promise.set(n_);  // still there
            n_ = 0;
        });
        return {};
    }
    int operator()(std::string, drover::context& me) {
        drover::become<third_step>(me, 1);
        throw std::runtime_error("changed its mind");
    }
    int n_;
    drover::ref<echo> other_;
};

struct third_step {
    explicit third_step(int n) : n_(n) {}
    int operator()(where) const { return 3; }
    // Both ask and go: what the ask was to continue with would find the state gone.
    drover::later<int> operator()(const std::vector<drover::ref<echo>>& others, drover::context& me) {
        auto promise = me.later<int>();
        others.front().ask(n_).then(me, [this, promise = std::move(promise)](auto) mutable { promise.set(n_); });
        drover::become<third_step>(me, 9);
        drover::become<second_step>(me, 8);  // the last of them counts
        return {};
    }
    int n_;
};

}  // namespace

TEST_CASE("an actor of several behaviours begins with the first and changes by become") {
    world w;
    heard.clear();
    const drover::ref<gate> d = w.rt.spawn<gate>(7);
    CHECK(d.ask(knock{}).get() == "closed");
    CHECK_FALSE(d.ask(unlock{1}).get());
    CHECK(d.ask(count{}).get() == 1);
    CHECK(d.ask(unlock{7}).get());
    CHECK(closed_alive == 0);
    CHECK(open_alive == 1);
    CHECK(d.ask(knock{}).get() == "open");
    d.tell(lock{});
    CHECK(d.ask(knock{}).get() == "closed");
    CHECK(d.ask(count{}).get() == 1);  // a new state, not the one of before
    CHECK(open_alive == 0);
    CHECK(take_heard() == std::vector<std::string>{"started closed", "unlocks", "entered open", "entered closed"});
    CHECK(d.ask(unlock{7}).get());
    CHECK(w.rt.stop());
    CHECK(take_heard() == std::vector<std::string>{"unlocks", "entered open", "stopped open"});
    CHECK(open_alive == 0);
    CHECK(closed_alive == 0);
}

TEST_CASE("a message that the present behaviour lacks a handler for is a dead letter, unhandled") {
    world w;
    {
        const drover::ref<gate> d = w.rt.spawn<gate>(drover::spawn_options{.name = "front"}, 7);
        d.tell(lock{});  // closed has no handler for it
        wait_until([&] { return !w.heard.letters().empty(); });
        w.settle();
        const auto letters = w.heard.letters();
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].reason == drover::dead_letter_reason::unhandled);
        CHECK(letters[0].message.find("lock") != std::string::npos);
        CHECK(letters[0].actor == "front");
        CHECK(w.rt.statistics().handled == 0);
        CHECK(w.rt.statistics().dead(drover::dead_letter_reason::unhandled) == 1);

        CHECK(d.ask(unlock{7}).get());
        const auto outcome = d.ask(count{}).result();
        REQUIRE_FALSE(outcome.has_value());
        CHECK(outcome.error().code == drover::ask_error::unhandled);
        w.settle();
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.dead(drover::dead_letter_reason::unhandled) == 2);
        CHECK(sums.handled == 1);
        CHECK(sums.offered == 3);
        CHECK(d.ask(knock{}).get() == "open");  // it goes on
    }
}

TEST_CASE("become of what is not in the list says so and names the actor") {
    world w;
    struct stranger {};
    struct first {
        std::string operator()(knock, drover::context& me) {
            try {
                drover::become<stranger>(me);
            } catch (const std::logic_error& error) {
                return error.what();
            }
            return "no error";
        }
    };
    const drover::spawn_options named{.name = "odd one"};
    for (const std::string& sentence : {w.rt.spawn<drover::behaviours<first, broken>>(named).ask(knock{}).get(),
                                        w.rt.spawn<first>(named).ask(knock{}).get()}) {
        CHECK(sentence.starts_with("drover: become<"));
        CHECK(sentence.find("stranger") != std::string::npos);
        CHECK(sentence.find("odd one") != std::string::npos);
        CHECK(sentence.ends_with("name it in its drover::behaviours<...>"));
    }
}

TEST_CASE("become works in started, in a continuation, and not in a handler that throws") {
    world w;
    const auto s = w.rt.spawn<stairs>();
    CHECK(s.ask(where{}).get() == 2);
    CHECK(s.ask(step{}).get() == 5);
    CHECK(s.ask(where{}).get() == 3);
    const auto thrower = w.rt.spawn<stairs>();
    const auto outcome = thrower.ask(std::string("go")).result();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == drover::ask_error::handler_threw);
}

TEST_CASE("an ask of a behaviour that is gone is not continued") {
    world w;
    const auto s = w.rt.spawn<stairs>();
    CHECK(s.ask(step{}).get() == 5);
    const auto other = w.rt.spawn<echo>();
    const auto outcome = s.ask(std::vector{other}).result();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == drover::ask_error::no_answer);
    CHECK(s.ask(where{}).get() == 2);
    CHECK(w.finish());
}

TEST_CASE("a behaviour's memory is given back") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto s = w.rt.spawn<stairs>();
        CHECK(s.ask(step{}).get() == 5);
        static_cast<void>(w.rt.spawn<gate>(1));
        const auto thrower = w.rt.spawn<stairs>();
        CHECK_FALSE(thrower.ask(std::string("go")).result().has_value());
    }
    CHECK(blocks_in_use() == before);
    CHECK(closed_alive == 0);
}
