#include <drover/supervision/children.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/world.hpp"

using drover::child;
using drover::child_at;
using drover::children;
using drover::sibling;
using drover::spawn_options;
using drover::strategy;
using drover::supervised;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct get {};
struct fail {};

struct book {
    explicit book(int first) : sum(first) {}
    int operator()(int n) { return sum += n; }
    void operator()(fail) { throw std::runtime_error("book"); }
    int sum;
};

struct desk {
    int operator()(int n) { return to.ask(n).result().value_or(-1); }
    drover::ref<book> operator()(get) const { return to; }
    std::string operator()(drover::child_at<0>) const { return name; }
    drover::ref<book> to;
    std::string name;
};

// Says itself how it is supervised.
struct lasting {
    static constexpr drover::supervision supervision{.on_failure = drover::directive::resume};
    int operator()(int n) { return sum += n; }
    void operator()(fail) { throw std::runtime_error("lasting"); }
    int sum = 0;
};

}  // namespace

TEST_CASE("children are declared with their arguments, and refs of those before them") {
    world w;
    const auto team =
        w.rt.spawn(supervised{.options = {.name = "team"}},
                   children(child<book>({.options = {.name = "book"}}, 100),
                            child<desk>({.options = {.name = "desk"}}, sibling<0>, "north"), child<lasting>(),
                            child(spawn_options{.name = "twice"}, [](int n) { return 2 * n; })));
    const auto b = team.ask(child_at<0>{}).get();
    const auto d = team.ask(child_at<1>{}).get();
    CHECK(b.ask(1).get() == 101);
    CHECK(d.ask(get{}).get() == b);
    CHECK(d.ask(child_at<0>{}).get() == "north");
    CHECK(team.ask(child_at<2>{}).get().ask(5).get() == 5);
    CHECK(team.ask(child_at<3>{}).get().ask(5).get() == 10);
    const std::string tree = to_text(w.rt.tree());
    CHECK(tree.find("team #1, supervised\n  book #2, supervised\n  desk #3, supervised\n") == 0);
    CHECK(tree.find("\n  twice #5\n") != std::string::npos);
}

TEST_CASE("a child is restarted in its place: by the usual plan, by its own, or by what its type says") {
    world w;
    const auto team =
        w.rt.spawn(supervised{}, children(child<book>({}, 100), child<lasting>(),
                                          child<book>({.plan = {.on_failure = drover::directive::stop}}, 7)));
    const auto usual = team.ask(child_at<0>{}).get();
    const auto resumed = team.ask(child_at<1>{}).get();
    const auto stopped = team.ask(child_at<2>{}).get();
    usual.tell(5);
    usual.tell(fail{});
    CHECK(usual.ask(1).get() == 101);
    resumed.tell(5);
    resumed.tell(fail{});
    CHECK(resumed.ask(1).get() == 6);
    stopped.tell(fail{});
    wait_until([&] { return stopped.stopped(); });
    CHECK(team.ask(child_at<0>{}).get() == usual);
}

TEST_CASE("a strategy restarts them together, and a restart of their parent makes new ones from the same arguments") {
    world w;
    const auto team =
        w.rt.spawn(supervised{.plan = {.children = strategy::one_for_all}},
                   children(child<book>({.plan = {.limit = {.count = 1}, .beyond = drover::directive::escalate}}, 100),
                            child<book>({}, 200)));
    const auto one = team.ask(child_at<0>{}).get();
    const auto other = team.ask(child_at<1>{}).get();
    CHECK(other.ask(5).get() == 205);  // handled, before the other one fails
    one.tell(fail{});
    wait_until([&] { return other.ask(0).get() == 200; });
    one.tell(fail{});  // beyond its limit: its parent starts anew
    wait_until([&] { return one.stopped() && other.stopped(); });
    const auto fresh = team.ask(child_at<0>{}).get();
    CHECK(fresh != one);
    CHECK(fresh.ask(1).get() == 101);
    CHECK(team.ask(child_at<1>{}).get().ask(1).get() == 201);
}

TEST_CASE("children of children are a tree, and a child by a factory needs no copyable argument") {
    struct owner {
        std::unique_ptr<int> value;
        int operator()(int n) const { return *value + n; }
    };
    world w;
    const auto root =
        w.rt.spawn(supervised{.options = {.name = "root"}},
                   children(child(supervised{.options = {.name = "left"}}, children(child<book>({}, 1))),
                            child<owner>(supervised{}.built_by([] { return owner{std::make_unique<int>(40)}; }))));
    const auto left = root.ask(child_at<0>{}).get();
    CHECK(left.ask(child_at<0>{}).get().ask(1).get() == 2);
    CHECK(root.ask(child_at<1>{}).get().ask(2).get() == 42);
}

TEST_CASE("a child whose constructor throws fails its parent") {
    struct sick {
        sick() { throw std::runtime_error("sick"); }
        void operator()(int) {}
    };
    world w;
    const auto team =
        w.rt.spawn(supervised{.plan = {.limit = {.count = 2}}}, children(child<book>({}, 1), child<sick>()));
    wait_until([&] { return team.stopped(); });
    CHECK(w.heard.failures().size() == 3);
    CHECK(team.ask(child_at<0>{}).result().error().code == drover::ask_error::actor_stopped);
}

TEST_CASE("children stop in the reverse order of their declaration") {
    struct last_word {
        std::vector<int>* said;
        int number;
        void stopped(const drover::stop_reason&) const { said->push_back(number); }
        void operator()(int) {}
    };
    std::vector<int> said;
    {
        world w;
        const auto team = w.rt.spawn(
            supervised{},
            children(child<last_word>({}, &said, 1), child<last_word>({}, &said, 2), child<last_word>({}, &said, 3)));
        static_cast<void>(team.ask(child_at<2>{}).get());
    }
    CHECK(said == std::vector<int>{3, 2, 1});
}
