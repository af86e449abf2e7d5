#include <drover/actor/actor_label.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

namespace {

struct observed : drover::features {
    using metrics = drover::counter_metrics;
};
using app = drover::with<observed>;

struct worker {
    void operator()(int) {}
};
template <class T>
struct worker_of {
    void operator()(int) {}
};
struct first_mood;
struct second_mood {
    void operator()(int) {}
};
struct first_mood {
    void operator()(int) {}
};
using moody = drover::behaviours<first_mood, second_mood>;

std::string name_of(std::uint16_t number) {
    return drover::label_table::actors().all().at(number).name;
}

std::uint64_t spawned(const drover::metrics_snapshot& now, std::string_view type) {
    const auto* const its = now.of(type);
    return its == nullptr ? 0 : its->spawned;
}

}  // namespace

TEST_CASE("a type goes by its name, whatever its actors are called, and always by the same number") {
    const auto number = drover::label_of<worker>("one");
    CHECK(name_of(number) == drover::type_name<worker>());
    CHECK(drover::label_of<worker>("two") == number);
    CHECK(name_of(drover::label_of<worker_of<int>>("")) == drover::type_name<worker_of<int>>());
    CHECK(drover::label_of<worker_of<int>>("") != drover::label_of<worker_of<char>>(""));
}

TEST_CASE("a pool as an actor goes by its workers' type") {
    CHECK(drover::label_of<drover::pool_face<worker>>("") == drover::label_of<worker>(""));
}

TEST_CASE("the runtime's own types have no arguments, but behaviours are their user's") {
    CHECK(name_of(drover::label_of<drover::basic_topic<int>>("")) == "drover::basic_topic");
    CHECK(name_of(drover::label_of<moody>("")) == drover::type_name<moody>());
}

TEST_CASE("actors are counted by these names, lambdas by those they were given") {
    app::simulated_runtime rt(1);
    rt.spawn<worker>();
    rt.spawn<moody>();
    rt.spawn(drover::spawn_options{.name = "printer"}, [](int) {});
    rt.spawn(drover::spawn_options{.name = "printer"}, [](long) {});
    const auto pool = drover::spawn_pool<worker>(rt, {.members = 2});
    rt.run_until_idle();
    const drover::metrics_snapshot now = drover::take_metrics(rt);
    CHECK(spawned(now, drover::type_name<worker>()) == 4);  // the pool's face too
    CHECK(spawned(now, drover::type_name<moody>()) == 1);
    CHECK(spawned(now, "printer") == 2);
    CHECK(spawned(now, "drover::pool_controller") == 1);
}
