#include <catch2/catch.hpp>

#include <vector>

#include "../../../benches/scale/fit.hpp"

using benches::scale::fit;
using benches::scale::solve;
using benches::scale::terms;
using benches::scale::value_of;

TEST_CASE("a model of constant and slope is found again in what it gave") {
    std::vector<terms> at;
    std::vector<double> measured;
    for (const double bytes : {8.0, 64.0, 1'024.0, 65'536.0}) {
        at.push_back({1, bytes});
        measured.push_back(value_of({40, 0.02}, at.back()));
    }
    const terms found = fit(at, measured);
    REQUIRE(found[0] == Approx(40));
    REQUIRE(found[1] == Approx(0.02));
}

TEST_CASE("a step that would save time is left out, and the rest is as if it were not there") {
    const std::vector<terms> at{{1, 0}, {1, 0}, {1, 1}, {1, 1}};
    const terms found = fit(at, {20, 20, 10, 10});
    REQUIRE(found[1] == 0);
    // Least squares of the relative errors: the sum of 1/y over that of 1/y^2.
    REQUIRE(found[0] == Approx((2.0 / 20 + 2.0 / 10) / (2.0 / 400 + 2.0 / 100)));
}

TEST_CASE("errors count by what they are beside the figure") {
    // By absolute errors the constant would be 505, half way.
    REQUIRE(fit({{1}, {1}}, {10, 1'000})[0] == Approx((0.1 + 0.001) / (0.01 + 0.000001)));
}

TEST_CASE("a term that is nothing everywhere, or says what another says, does not spoil the others") {
    REQUIRE(fit({{1, 0}, {1, 0}}, {5, 5}) == terms{5, 0});
    const terms found = fit({{1, 1}, {1, 1}}, {6, 6});
    REQUIRE(found[0] + found[1] == Approx(6));
    REQUIRE(fit({{0}, {0}}, {6, 6}) == terms{0});
}

TEST_CASE("equations are solved where a pivot has to be looked for, and not where there is none") {
    REQUIRE(solve({{0, 2, 4}, {3, 0, 9}}) == terms{3, 2});
    REQUIRE_FALSE(solve({{1, 1, 2}, {2, 2, 4}}).has_value());
}

TEST_CASE("what a known part took off counts in what an error is beside") {
    // 192 known of 592 and 200: the places say 400 and 8, and an error of 1 weighs 592 and 200.
    const double found = fit({{1}, {1}}, {400, 8}, {592, 200})[0];
    REQUIRE(found == Approx((400.0 / (592 * 592) + 8.0 / (200 * 200)) / (1.0 / (592 * 592) + 1.0 / (200 * 200))));
    // Less than the known part was measured: nothing is left for a term that cannot be below 0.
    REQUIRE(fit({{1}, {1}}, {-2, -1}, {190, 191}) == terms{0});
}
