// Failures that go up the tree.
#include <drover/supervision/supervised.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::at_root;
using drover::context;
using drover::directive;
using drover::supervised;
using drover_test::wait_until;
using drover_test::world;

namespace {

using kind = drover::stop_kind;

struct fail {};
struct get {};

struct leaf {
    std::atomic<int>* stopped_with;
    void operator()(fail) { throw std::runtime_error("leaf failed"); }
    int operator()(int n) const { return n; }
    void stopped(const drover::stop_reason& why) { *stopped_with = static_cast<int>(why.kind()); }
};

struct boss {
    std::atomic<int>* leaf_stopped_with;
    std::string cause{};
    drover::ref<leaf> child{};

    int handled = 0;
    void started(context& me) {
        child = me.spawn<leaf>(supervised{.plan = {.on_failure = directive::escalate}}, leaf_stopped_with);
    }
    void restarting(const std::exception_ptr&) { *leaf_stopped_with = 100; }
    void operator()(fail f) { child.tell(f); }
    drover::ref<leaf> operator()(get) { return child; }
    int operator()(int n) {
        handled += n;
        return handled;
    }
    void stopped(const drover::stop_reason& why) { cause = drover::describe(why.exception()); }
};

}  // namespace

TEST_CASE("an escalated failure is the parent's own: the child stops, and the parent is restarted") {
    world w;
    std::atomic<int> told{-1};
    const auto a = w.rt.spawn<boss>(supervised{}, &told);
    CHECK(a.ask(5).get() == 5);
    const auto first = a.ask(get{}).get();
    a.tell(fail{});
    wait_until([&] { return first.stopped() && told == 100; });  // the leaf's stop, then the parent's restart
    CHECK(a.ask(3).get() == 3);
    const auto second = a.ask(get{}).get();
    CHECK(second != first);
    CHECK(second.ask(1).get() == 1);
    CHECK(w.heard.failures().size() == 1);  // one exception, one report
    CHECK(w.finish());
}

TEST_CASE("a parent that resumes goes on without the child") {
    world w;
    std::atomic<int> told{-1};
    const auto a = w.rt.spawn<boss>(supervised{.plan = {.on_failure = directive::resume}}, &told);
    CHECK(a.ask(5).get() == 5);
    a.tell(fail{});
    wait_until([&] { return told == static_cast<int>(kind::failed); });
    CHECK(a.ask(3).get() == 8);
}

TEST_CASE("a parent of which nothing is said stops of what its child escalates") {
    world w;
    std::atomic<int> told{-1};
    const auto a = w.rt.spawn<boss>(&told);
    a.tell(fail{});
    wait_until([&] { return a.stopped(); });
}

TEST_CASE("the parent's own failure and its child's, which escalates, do not meet") {
    world w;
    std::atomic<int> told{-1};
    const auto a = w.rt.spawn<boss>(supervised{.plan = {.limit = {.count = 1000}}}, &told);
    for (int each = 0; each != 50; ++each) {
        a.tell(fail{});
        if (each % 3 == 0) {
            a.tell(1);
        }
    }
    w.settle();
    CHECK_FALSE(a.stopped());
    a.stop();
    wait_until([&] { return a.stopped(); });
    CHECK(w.finish());
}

TEST_CASE("at the root the failing actor stops and the others go on, if nothing else is chosen") {
    world w;
    std::atomic<int> told{-1};
    std::atomic<int> other{-1};
    const auto a = w.rt.spawn<leaf>(supervised{.plan = {.on_failure = directive::escalate}}, &told);
    const auto b = w.rt.spawn<leaf>(&other);
    a.tell(fail{});
    wait_until([&] { return a.stopped(); });
    CHECK(told == static_cast<int>(kind::failed));
    CHECK(b.ask(1).get() == 1);
}

TEST_CASE("at the root a runtime may be told to stop its actors") {
    world w(2, [](drover::runtime_options& o) { o.on_escalation = at_root::stop_all; });
    std::atomic<int> told{-1};
    std::atomic<int> other{-1};
    const auto a = w.rt.spawn<leaf>(supervised{.plan = {.on_failure = directive::escalate}}, &told);
    const auto b = w.rt.spawn<leaf>(&other);
    CHECK(b.ask(1).get() == 1);
    a.tell(fail{});
    wait_until([&] { return a.stopped() && b.stopped(); });
    CHECK(other == static_cast<int>(kind::runtime_stopped));
    CHECK_THROWS(w.rt.spawn<leaf>(&other));
    CHECK(w.rt.stop().complete);
}

TEST_CASE("at the root a function may decide, and hears what failed") {
    std::atomic<int> called{0};
    std::string heard;
    world w(2, [&](drover::runtime_options& o) {
        o.decide_escalation = [&](const drover::failure& what) {
            heard = std::string(what.actor) + ": " + drover::describe(what.exception);
            called += 1;
            return called == 1 ? at_root::stop_actor : at_root::stop_all;
        };
    });
    std::atomic<int> told{-1};
    std::atomic<int> other{-1};
    const auto spawn_one = [&] {
        return w.rt.spawn<leaf>(supervised{.plan = {.on_failure = directive::escalate}, .options = {.name = "first"}},
                                &told);
    };
    const auto b = w.rt.spawn<leaf>(&other);
    const auto a = spawn_one();
    const auto c = spawn_one();
    a.tell(fail{});
    wait_until([&] { return called == 1; });
    CHECK(b.ask(1).get() == 1);
    c.tell(fail{});
    wait_until([&] { return b.stopped() && c.stopped(); });
    CHECK(called == 2);
    CHECK(heard == "first: leaf failed");
}
