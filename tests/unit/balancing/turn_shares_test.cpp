#include <drover/balancing/turn_shares.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

using namespace drover;

namespace {

using numbers = std::vector<std::uint32_t>;

double sum_of(const std::vector<double>& weights) {
    return std::accumulate(weights.begin(), weights.end(), 0.0);
}

}  // namespace

TEST_CASE("shares are exact where the weights have a common divisor, whatever the unit") {
    CHECK(find_shares({5, 1, 1}).turns == numbers{5, 1, 1});
    CHECK(find_shares({5, 1, 1}).length == 7);
    CHECK(find_shares({10, 0, 4}).turns == numbers{5, 0, 2});
    CHECK(find_shares({0.1, 0.2, 0.3}).turns == numbers{1, 2, 3});
    CHECK(find_shares({1.0 / 3, 1.0 / 7}).turns == numbers{7, 3});
    CHECK(find_shares({4095, 1}).turns == numbers{4095, 1});
    CHECK(find_shares({0.7}).turns == numbers{1});
    CHECK(find_shares({0.7}).length == 1);
    CHECK(find_shares({}).length == 0);
    CHECK(find_shares({0, 0}).length == 0);
    CHECK(find_shares(std::vector<double>(5000, 0.3)).turns == numbers(5000, 1));
    CHECK(find_shares(std::vector<double>(65536, 0.3)).length == 65536);
}

TEST_CASE("shares of random whole numbers are those numbers") {
    random_source random(11);
    std::uint32_t wrong = 0;
    for (int set = 0; set != 2000; ++set) {
        numbers turns(2 + random.below(30));
        std::vector<double> weights;
        std::uint32_t divisor = 0;
        const double unit = 0.001 + random.below(1000) / 77.0;
        for (std::uint32_t& each : turns) {
            each = 1 + random.below(100);
            divisor = std::gcd(divisor, each);
            weights.push_back(each * unit);
        }
        for (std::uint32_t& each : turns) {
            each /= divisor;
        }
        wrong += find_shares(weights).turns != turns ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST_CASE("rounded shares fill a power of two, each within one turn of its due") {
    random_source random(5);
    for (const std::uint32_t members : {2U, 3U, 16U, 100U, 1000U, 3000U}) {
        std::vector<double> weights(members);
        for (double& each : weights) {
            each = 0.2 + random.below(1'000'000) / 1e6;
        }
        const turn_shares found = find_shares(weights);
        CHECK(found.length == (members == 3000 ? 16384 : 4096));
        CHECK(std::accumulate(found.turns.begin(), found.turns.end(), 0U) == found.length);
        double furthest = 0;
        for (std::size_t each = 0; each != members; ++each) {
            furthest = std::max(furthest, std::abs(found.turns[each] - weights[each] / sum_of(weights) * found.length));
        }
        CAPTURE(members);
        CHECK(furthest < 1);
    }
}

TEST_CASE("every positive weight has a turn, at the cost of those that have most to spare") {
    const double tiny = std::numeric_limits<double>::min();
    std::vector<double> weights(1000, tiny);
    weights[0] = 0.9;
    weights[1] = 0.9;
    const turn_shares found = find_shares(weights);
    CHECK(found.length == 4096);
    CHECK(found.turns[0] == (4096 - 998) / 2);
    CHECK(found.turns[1] == (4096 - 998) / 2);
    for (std::size_t each = 2; each != weights.size(); ++each) {
        REQUIRE(found.turns[each] == 1);
    }
    CHECK(find_shares({0.5, tiny}).turns == numbers{4095, 1});
    CHECK(find_shares({0.5, 0.5 / 4096}).turns == numbers{4095, 1});
}
