// Parents that restart children together, and the kinds of children.
#include <drover/actor/group.hpp>

#include <drover/drover.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::child_kind;
using drover::context;
using drover::directive;
using drover::strategy;
using drover::supervised;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

struct fail {};
struct leave {};
struct get {};
struct member_of {
    std::size_t number;
};

class journal {
public:
    void add(std::string what) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(what));
    }
    lines take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(lines_, {});
    }

private:
    std::mutex mutex_;
    lines lines_;
};

struct member {
    journal* log;
    std::string name;
    int sum = 0;
    void restarting(const std::exception_ptr& cause) {
        log->add(name + " leaves" + (cause == nullptr ? "" : ": " + drover::describe(cause)));
    }
    void stopped(const drover::stop_reason& why) { log->add(name + " " + std::string(to_string(why.kind()))); }
    int operator()(int n) { return sum += n; }
    void operator()(fail) { throw std::runtime_error("by " + name); }
    void operator()(leave, context& me) { me.stop(); }
};

using plans = std::vector<drover::supervision>;

struct leader {
    journal* log;
    plans all;
    std::vector<drover::ref<member>> members{};
    void started(context& me) {
        for (const drover::supervision& each : all) {
            const std::string name(1, static_cast<char>('a' + members.size()));
            members.push_back(me.spawn<member>(supervised{.plan = each, .options = {.name = name}}, log, name));
        }
        members.push_back(me.spawn<member>(log, "last"));  // not supervised
    }
    drover::ref<member> operator()(member_of m) const { return members[m.number]; }
};

struct group {
    journal log;
    world w{2};
    std::vector<drover::ref<member>> members;
    drover::ref<leader> lead;
    explicit group(strategy who, plans all = plans(3)) {
        const std::size_t count = all.size() + 1;
        lead = w.rt.spawn<leader>(supervised{.plan = {.children = who}}, &log, std::move(all));
        for (std::size_t each = 0; each != count; ++each) {
            members.push_back(lead.ask(member_of{each}).get());
            CHECK(members.back().ask(1).get() == 1);
        }
    }
};

}  // namespace

TEST_CASE("one for one: the others do not notice") {
    group g(strategy::one_for_one);
    g.members[1].tell(fail{});
    CHECK(g.members[1].ask(1).get() == 1);
    CHECK(g.members[0].ask(1).get() == 2);
    CHECK(g.members[2].ask(1).get() == 2);
    CHECK(g.members[3].ask(1).get() == 2);
    CHECK(g.log.take() == lines{"b leaves: by b"});
}

TEST_CASE("one for all: the others halt, the youngest first, and all have new states; one without supervision stops") {
    group g(strategy::one_for_all);
    g.members[1].tell(fail{});
    CHECK(g.members[1].ask(1).get() == 1);
    CHECK(g.members[0].ask(1).get() == 1);
    CHECK(g.members[2].ask(1).get() == 1);
    wait_until([&] { return g.members[3].stopped(); });
    CHECK(g.log.take() == lines{"b leaves: by b", "last parent_stopped", "c leaves: by b", "a leaves: by b"});
    CHECK(g.w.finish());
    CHECK(g.w.heard.failures().size() == 1);
}

TEST_CASE("rest for one: those that were spawned after it") {
    group g(strategy::rest_for_one);
    g.members[1].tell(fail{});
    CHECK(g.members[1].ask(1).get() == 1);
    CHECK(g.members[0].ask(1).get() == 2);
    CHECK(g.members[2].ask(1).get() == 1);
    wait_until([&] { return g.members[3].stopped(); });
    CHECK(g.log.take() == lines{"b leaves: by b", "last parent_stopped", "c leaves: by b"});
    g.members[2].tell(fail{});
    CHECK(g.members[2].ask(1).get() == 1);
    CHECK(g.members[1].ask(1).get() == 2);
}

TEST_CASE("a group waits together for the delay of the one that failed") {
    plans all(2, {.backoff = {.first = 100ms, .most = 1s, .jitter = 0}});
    group g(strategy::one_for_all, all);
    g.members[0].tell(fail{});
    for (std::size_t each = 0; each != 2; ++each) {
        wait_until([&] { return g.members[each].cell()->core->lanes().sum(&drover::lane::asks_begun) == 2; });
        g.members[each].tell(10);
    }
    g.w.clock.advance(99ms);
    CHECK(g.w.rt.statistics().pending == 2);
    g.w.clock.advance(1ms);
    CHECK(g.members[0].ask(1).get() == 11);
    CHECK(g.members[1].ask(1).get() == 11);
}

TEST_CASE("two that fail at once are one round or two, and all come back") {
    plans all(4, {.limit = {.count = 10000}});
    group g(strategy::one_for_all, all);
    for (int round = 0; round != 200; ++round) {
        for (std::size_t each = 0; each != 4; ++each) {
            g.members[(each + static_cast<std::size_t>(round)) % 4].tell(fail{});
            g.members[each].tell(1);
        }
    }
    for (std::size_t each = 0; each != 4; ++each) {
        CHECK(g.members[each].ask(1).get() >= 1);
    }
    CHECK(g.w.finish());
    const auto sums = g.w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead());
    CHECK(g.w.heard.failures().size() == 800);
}

TEST_CASE("a member that is stopped amid a round, and a parent that stops or fails amid it, leave nobody waiting") {
    plans all(4, {.limit = {.count = 10000}});
    for (int round = 0; round != 60; ++round) {
        group g(round % 2 == 0 ? strategy::one_for_all : strategy::rest_for_one, all);
        g.members[static_cast<std::size_t>(round) % 4].tell(fail{});
        g.members[static_cast<std::size_t>(round / 2) % 4].tell(1);
        g.members[static_cast<std::size_t>(round / 4) % 4].stop();
        g.members[2].tell(fail{});
        if (round % 3 == 0) {
            g.lead.stop();
        }
        CHECK(g.w.finish());
        CHECK(g.w.rt.stop().complete);
    }
}

TEST_CASE("beyond its limit a member escalates, and the whole group is the parent's new state") {
    plans all(2, {.limit = {.count = 1}, .beyond = directive::escalate});
    group g(strategy::one_for_all, all);
    g.members[0].tell(fail{});
    CHECK(g.members[0].ask(1).get() == 1);
    g.members[0].tell(fail{});
    wait_until([&] { return g.members[0].stopped() && g.members[1].stopped(); });
    const auto fresh = g.lead.ask(member_of{0}).get();
    CHECK(fresh.ask(1).get() == 1);
}

TEST_CASE("a permanent child that stops itself comes back, unless somebody else stops it") {
    group g(strategy::one_for_one, plans{{.limit = {.count = 3}, .kind = child_kind::permanent}});
    g.members[0].tell(leave{});
    CHECK(g.members[0].ask(1).get() == 1);
    CHECK(g.log.take() == lines{"a leaves"});
    SECTION("it stops for good at the request of others") {
        g.members[0].stop();
        wait_until([&] { return g.members[0].stopped(); });
    }
    SECTION("and when its mailbox is drained") {
        g.members[0].stop_when_drained();
        wait_until([&] { return g.members[0].stopped(); });
    }
    SECTION("and with its parent") {
        g.lead.stop();
        wait_until([&] { return g.members[0].stopped(); });
    }
    SECTION("and beyond its limit") {
        g.members[0].tell(leave{});
        g.members[0].tell(leave{});
        CHECK(g.members[0].ask(1).get() == 1);
        g.members[0].tell(leave{});
        wait_until([&] { return g.members[0].stopped(); });
    }
}

TEST_CASE("a transient child that stops itself is gone") {
    group g(strategy::one_for_one, plans{{.kind = child_kind::transient}});
    g.members[0].tell(leave{});
    wait_until([&] { return g.members[0].stopped(); });
}

TEST_CASE("a temporary child is not restarted, neither for itself nor with others") {
    group g(strategy::one_for_all, plans{{.kind = child_kind::temporary}, {.kind = child_kind::temporary}, {}});
    g.members[0].tell(fail{});
    wait_until([&] { return g.members[0].stopped(); });
    CHECK(g.members[2].ask(1).get() == 2);
    g.members[2].tell(fail{});
    CHECK(g.members[2].ask(1).get() == 1);
    wait_until([&] { return g.members[1].stopped(); });
}

TEST_CASE("strategies have names") {
    CHECK(to_string(strategy::one_for_one) == "one_for_one");
    CHECK(to_string(strategy::one_for_all) == "one_for_all");
    CHECK(to_string(strategy::rest_for_one) == "rest_for_one");
    CHECK(to_string(static_cast<strategy>(99)) == "unknown");
}
