#include <drover/runtime/tree.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using drover::actor_condition;
using drover::context;
using drover::supervised;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;

struct leaf {
    int operator()(int n) const {
        if (n < 0) {
            throw std::runtime_error("negative");
        }
        return n;
    }
    void operator()(const drover_test::plug& p) const { p.hold(); }
};

struct branch {
    drover::ref<leaf> first{};
    drover::ref<leaf> second{};
    void started(context& me) {
        first = me.spawn<leaf>(drover::spawn_options{.name = "first"});
        second = me.spawn<leaf>(supervised{.plan = {.backoff = {.first = 1s}}, .options = {.name = "second"}});
    }
    drover::ref<leaf> operator()(int n) const { return n == 1 ? first : second; }
};

}  // namespace

TEST_CASE("the tree shows who there is, in the order of spawning, and what is remarkable") {
    world w;
    CHECK(w.rt.tree().empty());
    CHECK(to_text(w.rt.tree()).empty());
    const auto top = w.rt.spawn<branch>(
        supervised{.plan = {.children = drover::strategy::rest_for_one}, .options = {.name = "top"}});
    const auto second = top.ask(2).get();  // so the children are there before the next one
    const auto other = w.rt.spawn<leaf>(drover::spawn_options{.name = "other"});
    CHECK(to_text(w.rt.tree()) == "top #1, supervised, rest_for_one\n  first #2\n  second #3, supervised\nother #4\n");
    second.tell(-1);
    wait_until([&] { return second.cell()->system.is_held() && second.cell()->stateless; });
    const auto trees = w.rt.tree();
    REQUIRE(trees.size() == 2);
    REQUIRE(trees[0].children.size() == 2);
    CHECK(trees[0].children[1].condition == actor_condition::restarting);
    CHECK(trees[0].children[1].id == second.id());
    CHECK(to_text(trees).find("second #3, supervised, restarting\n") != std::string::npos);
}

TEST_CASE("the tree can be read while a handler runs, and not from one") {
    world w;
    const auto a = w.rt.spawn<leaf>(drover::spawn_options{.name = "busy"});
    const drover_test::plugged held(a);
    CHECK(w.rt.tree().size() == 1);
    std::string refusal;
    const auto nosy = w.rt.spawn([&](int n) {
        try {
            static_cast<void>(w.rt.tree());
        } catch (const std::logic_error& error) {
            refusal = error.what();
        }
        return n;
    });
    CHECK(nosy.ask(1).get() == 1);
    CHECK(refusal.find("tree() inside a handler") != std::string::npos);
}

TEST_CASE("conditions have names") {
    CHECK(to_string(actor_condition::alive) == "alive");
    CHECK(to_string(actor_condition::restarting) == "restarting");
    CHECK(to_string(actor_condition::stopping) == "stopping");
    CHECK(to_string(actor_condition::stopped) == "stopped");
    CHECK(to_string(static_cast<actor_condition>(99)) == "unknown");
}
