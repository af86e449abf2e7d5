#include <drover/testing/explore.hpp>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/capture.hpp"
#include "support/scale.hpp"

using namespace std::chrono_literals;
using drover::explore;
using drover::simulated_runtime;

namespace {

struct read {};
struct write {
    int value;
};

struct cell_of_a_bank {
    int operator()(read) const { return value; }
    void operator()(write w) { value = w.value; }
    int value = 0;
};

// Adds by asking for the value and writing back a larger one. Two of them, at the right moments, lose an update.
struct careless_clerk {
    void operator()(int amount) {
        account.ask(read{}).then(
            [to = account, amount](drover::expected<int, drover::ask_error> now) { to.tell(write{*now + amount}); });
    }
    drover::ref<cell_of_a_bank> account;
};

// Clerks that come a second after another: only who is held up for long meets the next.
void pay_in(simulated_runtime& rt, int clerks) {
    const auto account = rt.spawn<cell_of_a_bank>();
    for (int each = 0; each != clerks; ++each) {
        rt.spawn<careless_clerk>(account).tell(1);
    }
    rt.run_until_idle();
    const int sum = account.ask(read{}).get();
    if (sum != clerks) {
        throw std::runtime_error("the sum is " + std::to_string(sum));
    }
}

// The environment variable for the time of a scope, and none otherwise.
struct seed_variable {
    explicit seed_variable(const char* value) { ::setenv("DROVER_SEED", value, 1); }
    ~seed_variable() { ::unsetenv("DROVER_SEED"); }
    seed_variable(const seed_variable&) = delete;
    seed_variable& operator=(const seed_variable&) = delete;
};

}  // namespace

TEST_CASE("explore gives each seed a simulation of its own") {
    std::vector<std::uint64_t> seeds;
    CHECK(explore(5, [&](simulated_runtime& rt) { seeds.push_back(rt.seed()); }) == 5);
    CHECK(seeds == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(explore(0, [&](simulated_runtime&) { FAIL("there was none"); }) == 0);
}

TEST_CASE("explore finds a lost update, names the seed, and the seed replays") {
    const auto scenario = [](simulated_runtime& rt) { pay_in(rt, 2); };
    std::uint64_t found = 0;
    std::string sentence;
    try {
        explore(1000, scenario);
    } catch (const drover::exploration_failed& failed) {
        found = failed.seed();
        sentence = failed.what();
    }
    REQUIRE(found != 0);
    CHECK(sentence == "drover: seed " + std::to_string(found) + " of 1000 fails: the sum is 1; DROVER_SEED=" +
                          std::to_string(found) + " runs this one alone");
    simulated_runtime again(found);
    CHECK_THROWS_WITH(scenario(again), "the sum is 1");
    simulated_runtime before(found);
    CHECK_THROWS_WITH(scenario(before), "the sum is 1");
    CHECK(again.fingerprint() == before.fingerprint());
}

TEST_CASE("not every seed loses the update, so the order matters and not the code alone") {
    std::size_t lost = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        simulated_runtime rt(seed);
        try {
            pay_in(rt, 2);
        } catch (const std::runtime_error&) {
            lost += 1;
        }
    }
    CHECK(lost > 20);
    CHECK(lost < 180);
}

TEST_CASE("explore finds one order in many") {
    // Eight actors report to one; it breaks if they come in exactly one of 720 orders of the first six... which seldom
    // happens.
    const auto scenario = [](simulated_runtime& rt) {
        std::string order;
        const auto to = rt.spawn([&](char c) { order += c; });
        for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'}) {
            rt.spawn([to](char c) { to.tell(c); }).tell(name);
        }
        rt.run_until_idle();
        if (order == "fedcba") {
            throw std::runtime_error(order);
        }
    };
    CHECK_THROWS_AS(explore(20'000, scenario), drover::exploration_failed);
}

TEST_CASE("DROVER_SEED runs one seed alone, and must be a number") {
    std::vector<std::uint64_t> seeds;
    const auto scenario = [&](simulated_runtime& rt) { seeds.push_back(rt.seed()); };
    {
        const seed_variable set("77");
        CHECK(explore(1000, scenario) == 1);
        CHECK(seeds == std::vector<std::uint64_t>{77});
    }
    {
        const seed_variable set("18446744073709551615");
        CHECK(explore(1000, scenario) == 1);
        CHECK(seeds.back() == 18446744073709551615U);
    }
    for (const char* wrong : {"many", "7 of 9", "-1", "99999999999999999999999"}) {
        const seed_variable set(wrong);
        CHECK_THROWS_AS(explore(1000, scenario), std::invalid_argument);
    }
    const seed_variable empty("");
    CHECK(explore(3, scenario) == 3);
}

TEST_CASE("explore says so when a seed does not fail a second time") {
    int calls = 0;
    try {
        explore(10, [&](simulated_runtime&) {
            if (++calls == 3) {
                throw std::runtime_error("once");
            }
        });
        FAIL("it did not fail");
    } catch (const drover::exploration_failed& failed) {
        CHECK(failed.seed() == 3);
        CHECK(std::string(failed.what()).find("something beside the seed decides") != std::string::npos);
    }
}

// A sum that is right unless both of two messages get lost, which only some seeds do.
TEST_CASE("explore draws faults from each seed, and the seed that it names has the same ones again") {
    drover::simulated_options chosen;
    chosen.faults.drop_one_in<int>(8);
    const auto scenario = [](simulated_runtime& rt) {
        std::string lost = "......";
        const auto to = rt.spawn([&](int n) { lost[static_cast<std::size_t>(n)] = 'x'; });
        for (int each = 0; each != 6; ++each) {
            to.tell(each);
        }
        rt.run_until_idle();
        if (lost[1] == '.' && lost[4] == '.') {
            throw std::runtime_error(lost);
        }
    };
    std::uint64_t seed = 0;
    std::string sentence;
    try {
        explore(10'000, scenario, chosen);
    } catch (const drover::exploration_failed& failed) {
        seed = failed.seed();
        sentence = failed.what();
    }
    REQUIRE(seed > 1);  // the first ones have other faults
    CHECK(sentence.find("something beside the seed") == std::string::npos);
    simulated_runtime again(seed, chosen);
    std::string same;
    try {
        scenario(again);
    } catch (const std::runtime_error& failed) {
        same = failed.what();
    }
    REQUIRE(same.size() == 6);
    CHECK(sentence.find(" fails: " + same + ";") != std::string::npos);
    const seed_variable set(std::to_string(seed).c_str());
    CHECK_THROWS_WITH(explore(10'000, scenario, chosen), Catch::Contains(" fails: " + same + ";"));
}

TEST_CASE("what a test framework throws goes on as it is, and the seed is printed") {
    struct of_a_framework {};
    const std::string said = drover_test::standard_error_of([] {
        CHECK_THROWS_AS(explore(10,
                                [](simulated_runtime& rt) {
                                    if (rt.seed() == 4) {
                                        throw of_a_framework{};
                                    }
                                }),
                        of_a_framework);
    });
    CHECK(said == "drover: seed 4 of 10 fails; DROVER_SEED=4 runs this one alone\n");
}
