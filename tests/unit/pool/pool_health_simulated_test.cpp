// Watched pools over many schedules: members that fail, hang, slow down and recover when the seed says so. DROVER_SEED
// runs one seed alone.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::health_state;
using drover::simulated_options;
using drover::simulated_runtime;

namespace {

enum class mood : std::uint8_t { well, fails, slow, hangs };

struct job {};
struct quick {};
struct later_job {};

struct ward {
    explicit ward(std::uint64_t seed) : random(seed * 0x9e3779b97f4a7c15U + 1) {}

    std::uint32_t below(std::uint32_t bound) { return random.below(bound); }

    drover::random_source random;
    std::vector<mood> moods = std::vector<mood>(8, mood::well);
    std::vector<drover::promise<int>> kept{};
    std::size_t made = 0;
    std::uint64_t sent = 0;
    std::uint64_t handled = 0;
    std::uint64_t dead = 0;  ///< those that failed, too
};

struct member {
    explicit member(ward* w) : all(w), mine(w->made++) {}

    drover::task<int> operator()(job) {
        const mood now = all->moods[mine];
        if (now == mood::slow || now == mood::hangs) {
            co_await drover::sleep_for(now == mood::slow ? 15ms : 120ms);
        }
        co_return finish(now);
    }
    int operator()(quick) { return finish(all->moods[mine]); }
    drover::later<int> operator()(later_job, drover::context& me) {
        const mood now = all->moods[mine];
        if (now == mood::well) {
            me.later<int>().set(finish(now));
        } else {
            all->kept.push_back(me.later<int>());
            static_cast<void>(finish(now));
        }
        return {};
    }
    int finish(mood now) const {
        if (now == mood::fails) {
            throw std::runtime_error("as planned");
        }
        all->handled += 1;
        return 1;
    }
    ward* all;
    std::size_t mine;
};

void require(bool holds, std::string_view sentence) {
    if (!holds) {
        throw std::runtime_error(std::string(sentence));
    }
}

using watch =
    drover::health<drover::outlier_detection, drover::circuit_breaker, drover::stuck_detection, drover::slow_start>;

template <class Policy>
class round_of_visits {
public:
    using pool_type = drover::pool<member, Policy, watch>;
    using view = drover::pool_member_view<member, drover::features>;

    round_of_visits(simulated_runtime& rt, ward& all)
        : rt_(rt),
          all_(all),
          count_(2 + all.below(6)),
          pool_(drover::spawn_pool<member, Policy, watch>(rt, options(count_, 1 + all.below(1000)), &all)),
          face_(pool_),
          tried_(count_),
          had_(count_) {
        rt.run_until_idle();
    }

    void fall_ill_and_recover() {
        for (int round = 0; round != 40; ++round) {
            if (all_.below(3) == 0) {
                all_.moods[all_.below(static_cast<std::uint32_t>(count_))] =
                    all_.below(2) == 0 ? mood::well : static_cast<mood>(all_.below(4));
            }
            for (std::uint32_t left = all_.below(4); left != 0; --left) {
                send();
            }
            if (!all_.kept.empty() && all_.below(6) == 0) {
                all_.below(3) == 0 ? all_.kept.back().fail(std::make_exception_ptr(std::runtime_error("no")))
                                   : all_.kept.back().set(2);
                all_.kept.pop_back();
            }
            pass(all_.below(3) == 0 ? std::chrono::milliseconds(all_.below(20)) : 1ms);
        }
    }

    void end_well() {
        std::fill(all_.moods.begin(), all_.moods.end(), mood::well);
        all_.kept.clear();
        pass_long(500ms);
        std::fill(had_.begin(), had_.end(), 0);
        for (int left = 400; left != 0 && (!all_had() || !all_healthy()); --left) {
            send();
            pass(10ms);
        }
        require(all_had(), "a member that has recovered is never picked again");
        require(all_healthy(), "a member that has recovered is still not well");
        require(rt_.drain(10s).complete, "a drain did not end");
        for (const view& each : members()) {
            require(each.load == 0, "a load was left at rest");
        }
        const auto sums = rt_.statistics();
        require(sums.pending == 0, "something is pending");
        require(sums.offered == sums.handled + sums.dead() + sums.returned, "the accounts do not agree in the end");
        require(all_.sent == all_.handled + all_.dead, "a message got lost or had two ends");
    }

private:
    static drover::pool_options<Policy, watch> options(std::size_t count, std::uint64_t seed) {
        return {.members = count,
                .health = {drover::outlier_detection::options{.consecutive = 3,
                                                              .interval = 40ms,
                                                              .out = {.first = 30ms, .most = 90ms, .percent = percent}},
                           drover::circuit_breaker::options{
                               .window = {.calls = 6, .least = 4, .percent = 50}, .open_for = 50ms, .trial_for = 1h},
                           drover::stuck_detection::options{.after = 20ms}, drover::slow_start::options{.over = 50ms}},
                .plan = drover::supervision{.on_failure = drover::directive::resume},
                .seed = seed};
    }

    std::vector<view> members() const {
        auto found = pool_.members();
        std::sort(found.begin(), found.end(), [](const view& a, const view& b) { return a.actor.id() < b.actor.id(); });
        return found;
    }

    // Nothing runs between the two looks, so who has more now is who was picked.
    void send() {
        const auto before = members();
        all_.sent += 1;
        const auto limit = 5ms;
        switch (all_.below(7)) {
            case 0: pool_.tell(job{}); break;
            case 1: face_.tell(quick{}); break;
            case 2: static_cast<void>(pool_.ask(job{}, limit)); break;
            case 3: static_cast<void>(face_.ask(job{}, limit)); break;
            case 4: static_cast<void>(face_.ask(quick{}, limit)); break;
            case 5: static_cast<void>(pool_.ask(later_job{}, limit)); break;
            default: static_cast<void>(face_.ask(later_job{}, limit));
        }
        const auto after = members();
        const auto healthy = static_cast<std::size_t>(std::count_if(
            before.begin(), before.end(), [](const view& each) { return each.health.state == health_state::healthy; }));
        std::size_t picked = 0;
        for (std::size_t each = 0; each != count_; ++each) {
            if (after[each].load == before[each].load) {
                continue;
            }
            picked += 1;
            had_[each] += 1;
            const health_state state = before[each].health.state;
            require(before[each].picked, "somebody was picked that is not in the table");
            const bool in_panic = healthy * 100 < count_ * 60;
            require(state <= health_state::half_open || in_panic, "somebody was picked that is out, without panic");
            require(state != health_state::stuck || all_hang(before),
                    "somebody was picked that hangs, and others do not");
            if (before[each].health.by_trial) {
                require(!tried_[each], "two messages try a member that is half open");
                tried_[each] = true;
            }
        }
        require(picked <= 1, "a message went to two members");
    }

    static bool all_hang(const std::vector<view>& found) {
        return std::all_of(found.begin(), found.end(),
                           [](const view& each) { return each.health.state >= health_state::stuck; });
    }

    void pass_long(std::chrono::milliseconds by) {
        for (; by.count() > 0; by -= 10ms) {
            pass(10ms);
        }
    }

    // Less than a circuit is open, so that no half-open state is missed.
    void pass(std::chrono::milliseconds by) {
        rt_.advance(by);
        const auto found = members();
        const auto ejected = static_cast<std::size_t>(std::count_if(
            found.begin(), found.end(), [](const view& each) { return each.health.state == health_state::ejected; }));
        require(ejected <= drover::ejection_cap({.percent = percent}, count_), "more are ejected than may be");
        for (std::size_t each = 0; each != count_; ++each) {
            tried_[each] = tried_[each] && found[each].health.by_trial;
        }
        const auto now = rt_.statistics();
        require(now.offered == now.handled + now.dead() + now.returned + now.pending, "the accounts do not agree");
        require(now.pending < 1000, "the accounts run ahead");
    }

    bool all_had() const {
        return std::all_of(had_.begin(), had_.end(), [](int times) { return times != 0; });
    }
    bool all_healthy() const {
        const auto found = members();
        return std::all_of(found.begin(), found.end(), [](const view& each) {
            return each.health.state == health_state::healthy && each.health.factor == 1;
        });
    }

    static constexpr std::uint32_t percent = 30;

    simulated_runtime& rt_;
    ward& all_;
    const std::size_t count_;
    const pool_type pool_;
    const drover::ref<member> face_;
    std::vector<bool> tried_;  // a message tries it, and it is still half open
    std::vector<int> had_;     // messages
};

template <class Policy>
void one_run(std::uint64_t seed) {
    ward all(seed);
    simulated_options chosen;
    chosen.on_failure = [](const drover::failure&) {};
    chosen.on_dead_letter = [&all](const drover::dead_letter& letter) {
        all.dead += letter.message == drover::type_name<job>() || letter.message == drover::type_name<quick>() ||
                            letter.message == drover::type_name<later_job>()
                        ? 1
                        : 0;
    };
    chosen.quantum = 1 + seed % 3;
    simulated_runtime rt(seed, chosen);
    try {
        round_of_visits<Policy> visits(rt, all);
        visits.fall_ill_and_recover();
        visits.end_well();
    } catch (const std::exception& error) {
        throw std::runtime_error("seed " + std::to_string(seed) + ": " + error.what());
    }
}

}  // namespace

TEMPLATE_TEST_CASE("pool health: over some thousand courses of illness the rules hold, and all recover", "",
                   drover::round_robin, drover::power_of_two_choices, drover::weighted_round_robin) {
    const std::size_t before = drover_test::blocks_in_use();
    std::uint64_t only = 0;
    if (drover::detail::seed_from_environment(only)) {
        REQUIRE_NOTHROW(one_run<TestType>(only));
        return;
    }
    for (std::uint64_t seed = 1; seed <= drover_test::scaled(1'000); ++seed) {
        REQUIRE_NOTHROW(one_run<TestType>(seed));
    }
    CHECK(drover_test::blocks_in_use() == before);
}
