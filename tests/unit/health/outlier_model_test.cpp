// Outlier detection against a model that writes everything down and counts it anew each time.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>
#include <drover/health/outlier_detection.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

namespace {

using policy = health<outlier_detection>;
using team = drover_test::watched<policy>;

struct model {
    struct member {
        std::vector<bool> messages{};  // whether each succeeded, since it joined
        std::size_t run_begins = 0;    // what was before is forgotten
        std::size_t interval_begins = 0;
        std::vector<bool> reports{};
        std::optional<time_point> until{};
        int times = 0;
        bool out_in_interval = false;
    };

    explicit model(const outlier_detection::options& chosen) : options(chosen) {}

    std::size_t out() const {
        std::size_t sum = 0;
        for (const auto& [id, each] : members) sum += each.until ? 1 : 0;
        return sum;
    }

    std::size_t cap() const {
        if (members.size() < 2) return 0;
        const auto share = static_cast<std::size_t>(
            std::floor(static_cast<double>(members.size()) * options.out.percent / 100.0 + 1e-9));
        return share < 1 ? 1 : share;
    }

    static void back(member& one) {
        one.until.reset();
        one.run_begins = one.interval_begins = one.messages.size();
        one.reports.clear();
    }

    std::uint64_t run(const member& one) const {
        std::uint64_t sum = 0;
        for (std::size_t each = one.messages.size(); each != one.run_begins && !one.messages[each - 1]; --each) ++sum;
        for (std::size_t each = one.reports.size(); each != 0 && !one.reports[each - 1]; --each) ++sum;
        return sum;
    }

    std::pair<double, double> interval(const member& one) const {
        double good = 0;
        double all = 0;
        for (std::size_t each = one.interval_begins; each != one.messages.size(); ++each) {
            good += one.messages[each] ? 1 : 0;
            all += 1;
        }
        return {good, all};
    }

    void eject(std::vector<std::pair<double, std::uint64_t>> worst_last, time_point now) {
        std::sort(worst_last.rbegin(), worst_last.rend());
        while (!worst_last.empty() && out() + 1 <= cap()) {
            member& one = members[worst_last.back().second];
            one.times += 1;
            one.until = now + std::min<clock_duration>(options.out.first * one.times, options.out.most);
            one.out_in_interval = true;
            worst_last.pop_back();
        }
    }

    void leaves(std::uint64_t id) {
        members.erase(id);
        while (out() > cap()) {
            member* soonest = nullptr;
            for (auto& [other, each] : members) {
                if (each.until && (soonest == nullptr || *each.until < *soonest->until)) soonest = &each;
            }
            back(*soonest);
        }
    }

    void sweep(time_point now) {
        for (auto& [id, each] : members) {
            if (each.until && *each.until <= now) back(each);
        }
        std::vector<std::pair<double, std::uint64_t>> bad;
        for (auto& [id, each] : members) {
            if (!each.until && run(each) >= options.consecutive) bad.push_back({-static_cast<double>(run(each)), id});
        }
        eject(bad, now);
        if (now < interval_ends) return;
        interval_ends = now + options.interval;
        std::vector<double> rates;
        for (auto& [id, each] : members) {
            const auto [good, all] = interval(each);
            if (!each.until && all >= static_cast<double>(options.rate_messages)) rates.push_back(good / all);
        }
        double least = -1;
        if (rates.size() >= options.rate_members) {
            double mean = 0;
            double variance = 0;
            for (const double each : rates) mean += each / static_cast<double>(rates.size());
            for (const double each : rates) variance += std::pow(each - mean, 2) / static_cast<double>(rates.size());
            least = mean - options.deviations * std::sqrt(variance) - 1e-9;
        }
        bad.clear();
        for (auto& [id, each] : members) {
            const auto [good, all] = interval(each);
            if (each.until) continue;
            if ((all >= static_cast<double>(options.rate_messages) && good / all < least) ||
                (all >= static_cast<double>(options.failure_messages) &&
                 (all - good) * 100 >= all * options.failure_percent)) {
                bad.push_back({good / all, id});
            }
        }
        eject(bad, now);
        for (auto& [id, each] : members) {
            each.interval_begins = each.messages.size();
            if (each.until) continue;
            if (!each.out_in_interval) each.times = std::max(0, each.times - 1);
            each.out_in_interval = false;
        }
    }

    outlier_detection::options options;
    std::map<std::uint64_t, member> members;
    time_point interval_ends{};
};

}  // namespace

TEST_CASE("a thousand random histories end as the model says") {
    std::size_t ejections = 0;
    std::size_t returns = 0;
    for (std::uint64_t seed = 1; seed != 1001; ++seed) {
        random_source random(seed);
        const outlier_detection::options chosen{
            .consecutive = 2 + random.below(9),
            .interval = 1s * (5 + random.below(10)),
            .deviations = 1 + random.below(12) / 10.0,
            .rate_members = 2 + random.below(4),
            .rate_messages = 10 + random.below(20),
            .failure_percent = 50 + random.below(52),
            .failure_messages = 5 + random.below(20),
            .out = {.first = 1s * (1 + random.below(30)),
                    .most = 1s * (31 + random.below(100)),
                    .jitter = 0,
                    .percent = random.below(60)},
        };
        team real{policy::options(chosen)};
        model expected(chosen);
        expected.interval_ends = time_point(chosen.interval);
        std::map<std::uint64_t, std::uint32_t> badness;
        for (int step = 0; step != 60; ++step) {
            if (step == 0 || random.below(15) == 0) {
                const std::uint64_t fresh = step == 0 ? 3 + random.below(12) : 1;
                real.add(fresh, joining::later);
                for (std::uint64_t id = real.last_id - fresh + 1; id <= real.last_id; ++id) {
                    expected.members[id];
                    badness[id] = random.below(3) == 0 ? random.below(101) : random.below(10);
                }
            }
            if (random.below(20) == 0 && expected.members.size() > 1) {
                const std::uint64_t gone = expected.members.begin()->first;
                random.below(2) == 0 ? real.monitor.left(gone) : real.monitor.draining(gone, real.now);
                expected.leaves(gone);
            }
            for (auto& [id, each] : expected.members) {
                for (std::uint32_t left = random.below(30); left != 0; --left) {
                    const bool good = random.below(100) >= badness[id];
                    each.messages.push_back(good);
                    good ? real.succeed(id) : random.below(2) == 0 ? real.fail(id) : real[id].timed_out();
                }
                if (random.below(20) == 0) {
                    const bool good = random.below(3) == 0;
                    each.reports.push_back(good);
                    real.monitor.reported(id, good, real.now);
                }
                if (random.below(30) == 0) badness[id] = random.below(101);
            }
            // Sometimes when it is due, sometimes when somebody wakes it, sometimes late.
            const time_point due = real.monitor.sweep(real.now).next_due;
            expected.sweep(real.now);
            const clock_duration wait = 1ms * random.below(12'000);
            real.now = random.below(2) == 0 ? due : real.now + wait;
            real.sweep();
            expected.sweep(real.now);
            for (const auto& [id, each] : expected.members) {
                const standing& found = real.of(id);
                REQUIRE((found.state == health_state::ejected) == each.until.has_value());
                REQUIRE(found.until == each.until.value_or(time_point::max()));
                ejections += each.until && found.since == real.now ? 1 : 0;
                returns += !each.until && found.since == real.now ? 1 : 0;
            }
            REQUIRE(expected.out() <= expected.cap());
        }
    }
    CHECK(ejections > 2000);
    CHECK(returns > 1000);
}
