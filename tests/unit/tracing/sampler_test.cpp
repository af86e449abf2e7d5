#include <drover/tracing/sampler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace {

template <class Sampler>
std::vector<bool> decisions(std::size_t count) {
    std::vector<bool> all;
    std::thread([&] {
        for (std::size_t each = 0; each != count; ++each) {
            all.push_back(Sampler::sample());
        }
    }).join();
    return all;
}

std::int64_t count_of(const std::vector<bool>& all) {
    return std::count(all.begin(), all.end(), true);
}

struct throws_maybe {
    static bool sample() { return true; }
};
static_assert(!drover::trace_sampler<throws_maybe>);
static_assert(!drover::trace_sampler<int>);

}  // namespace

TEST_CASE("all or none") {
    CHECK(count_of(decisions<drover::sample_all>(100)) == 100);
    CHECK(count_of(decisions<drover::sample_one_in<1>>(100)) == 100);
    CHECK(count_of(decisions<drover::sample_parents>(100)) == 0);
}

TEST_CASE("one in N are sampled on average, at distances of 1 to 2N - 1") {
    constexpr std::uint32_t n = 10;
    constexpr std::size_t count = 100'000;
    const auto all = decisions<drover::sample_one_in<n>>(count);
    // The distances are even from 1 to 19: the standard deviation of the count is sqrt(count / n^3) * 5.5, or 55.
    CHECK(std::abs(count_of(all) - static_cast<std::int64_t>(count / n)) < 5 * 55);
    std::set<std::size_t> distances;
    std::size_t last = 0;
    bool any = false;
    for (std::size_t each = 0; each != count; ++each) {
        if (all[each]) {
            if (any) {
                distances.insert(each - last);
            }
            last = each;
            any = true;
        }
    }
    CHECK(distances.size() == 2 * n - 1);
    CHECK(*distances.begin() == 1);
    CHECK(*distances.rbegin() == 2 * n - 1);
}

TEST_CASE("short threads are sampled as often as long ones") {
    std::int64_t sampled = 0;
    for (int each = 0; each != 400; ++each) {
        sampled += count_of(decisions<drover::sample_one_in<100>>(10));
    }
    // 4000 decisions: 40 in the long run, and 20 where the first distance of a thread decides alone.
    CHECK(sampled > 2);
    CHECK(sampled < 100);
}
