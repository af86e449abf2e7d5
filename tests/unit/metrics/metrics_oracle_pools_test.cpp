// What metrics count of pools against what the test itself has seen: random programs in simulations. DROVER_SEED runs
// one seed alone.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/metrics_book.hpp"

using namespace std::chrono_literals;

namespace {

using namespace drover_test;

struct job {
    drover::time_point pushed{};
    act what = act::nothing;
    std::uint64_t key = 0;
};
[[maybe_unused]] std::uint64_t routing_key(const job& j) {
    return j.key;
}
struct own_job {  // told to a member by its own ref
    drover::time_point pushed{};
};
struct pool_question {
    drover::time_point pushed{};
    how answer = how::now;
    std::uint64_t key = 0;
};
[[maybe_unused]] std::uint64_t routing_key(const pool_question& q) {
    return q.key;
}

struct pool_book : book {
    using book::book;
    std::map<std::string, std::uint64_t> picked{};  // by the member's name: what has come to it by a pick
    std::uint64_t stopped_letters = 0;
};

struct member : recorded<member> {
    explicit member(pool_book* b) : recorded(b), ward(b) {}
    void operator()(const job& j, app_context& me) {
        ward->picked[std::string(me.cell().name())] += 1;
        begin(j.pushed);
        if (j.what == act::fail) {
            throw std::runtime_error("as told");
        }
        end();
    }
    void operator()(const own_job& j) {
        begin(j.pushed);
        end();
    }
    int operator()(const pool_question& q, app_context& me) {
        ward->picked[std::string(me.cell().name())] += 1;
        begin(q.pushed);
        if (q.answer == how::fails) {
            throw std::runtime_error("as told");
        }
        end();
        ward->of<member>().answered += 1;
        return 1;
    }
    pool_book* ward;
};

using watch = drover::health<drover::outlier_detection, drover::circuit_breaker>;

template <class Policy, class Health = drover::no_health, drover::undelivered Left = drover::undelivered::dead_letters>
class pool_program {
    using pool_type = app::pool<member, Policy, Health>;
    static constexpr bool pulls = std::is_same_v<Policy, drover::shared_queue>;
    static constexpr bool moves = Left == drover::undelivered::pick_again || pulls;

public:
    explicit pool_program(std::uint64_t seed)
        : all_(seed), rt_(seed, options_for(all_)), pool_(make(2 + all_.below(4))) {
        all_.clock = [this] { return rt_.now(); };
        look();
    }
    ~pool_program() { rt_.stop(); }

    void run() {
        for (std::uint32_t left = 40 + all_.below(60); left != 0; --left) {
            do_something();
            for (std::uint32_t steps = all_.below(4); steps != 0 && rt_.step(); --steps) {
                look();
            }
            for (std::uint32_t turns = all_.below(8) == 0 ? 8 : 0; turns != 0; --turns) {
                pass(1ms);
            }
        }
        for (int turns = 0; turns != 40; ++turns) {
            pass(1ms);
        }
        compare();
    }

private:
    static drover::simulated_options options_for(pool_book& all) {
        drover::simulated_options chosen = options_of(all);
        chosen.outbox = 0;
        chosen.on_dead_letter = [&all](const drover::dead_letter& letter) {
            all.dead[static_cast<std::size_t>(letter.reason)] += 1;
            const bool by_pick =
                letter.message == drover::type_name<job>() || letter.message == drover::type_name<pool_question>();
            if (letter.reason == reason::stopped) {
                all.stopped_letters += 1;
                if (by_pick) {
                    all.picked[std::string(letter.actor)] += 1;
                }
            }
        };
        chosen.on_failure = [&all](const drover::failure&) { all.of<member>().failures += 1; };
        return chosen;
    }

    pool_type make(std::size_t members) {
        for (std::size_t each = 0; each != members; ++each) {
            places_.push_back("crew/" + std::to_string(each));
        }
        drover::pool_options<Policy, Health> chosen{.members = members, .name = "crew"};
        chosen.plan = drover::supervision{.limit = {.count = 1000}};
        chosen.undelivered = pulls ? drover::undelivered::dead_letters : Left;
        chosen.seed = 1 + all_.below(1000);
        if constexpr (std::is_same_v<Health, watch>) {
            chosen.health = {
                drover::outlier_detection::options{
                    .consecutive = 2, .interval = 40ms, .out = {.first = 5ms, .most = 20ms, .percent = 60}},
                drover::circuit_breaker::options{
                    .window = {.calls = 6, .least = 3, .percent = 50}, .open_for = 7ms, .trial_for = 1h}};
        }
        all_.of<member>().spawned += members;
        return drover::spawn_pool<member, Policy, Health>(rt_, std::move(chosen), &all_);
    }

    // What a member's standing was, and is: nothing else runs between two looks.
    void look() {
        if constexpr (std::is_same_v<Health, watch>) {
            std::map<std::string, bool> now;
            for (const auto& each : pool_.members()) {
                const drover::health_state its = each.health.state;
                bool& out = now[std::string(each.actor.name())];
                const auto before = out_.find(std::string(each.actor.name()));
                out = its > drover::health_state::half_open ||
                      (its == drover::health_state::half_open && before != out_.end() && before->second);
                const bool was = before != out_.end() && before->second;
                const std::size_t place = place_of(std::string(each.actor.name()));
                ejections_[place] += out && !was ? 1U : 0U;
                recoveries_[place] += !out && was ? 1U : 0U;
            }
            for (const auto& [name, was] : out_) {
                if (was && now.find(name) == now.end()) {
                    recoveries_[place_of(name)] += 1;
                }
            }
            out_ = std::move(now);
        }
    }
    void pass(drover::clock_duration by) {
        while (rt_.step()) {
            look();
        }
        rt_.advance(by);
        look();
    }
    void settle_all() {
        while (rt_.step()) {
            look();
        }
    }

    std::size_t place_of(const std::string& name) {
        const auto found = place_by_name_.find(name);
        if (found != place_by_name_.end()) {
            return found->second;
        }
        const auto at = std::find(places_.begin(), places_.end(), name);
        const auto place = static_cast<std::size_t>(at - places_.begin());
        place_by_name_[name] = place;
        return place;
    }

    job fresh() { return {rt_.now(), all_.below(3) == 0 ? act::fail : act::nothing, all_.below(1000)}; }

    void count(drover::delivery result, std::size_t messages = 1) {
        if (drover::is_accepted(result) || result == drover::delivery::stopped) {
            all_.of<member>().enqueued += messages;
        }
    }

    void do_something() {
        switch (all_.below(14)) {
            case 0:
            case 1:
            case 2: count(pool_.tell(fresh())); break;
            case 3: {
                job one = fresh();
                const drover::delivery result = pool_.try_tell(one);
                count(result == drover::delivery::stopped ? drover::delivery::no_target : result);
                break;
            }
            case 4: {
                std::vector<job> some;
                for (std::uint32_t left = 1 + all_.below(5); left != 0; --left) {
                    some.push_back(fresh());
                }
                const auto result = pool_.tell_batch(std::move(some));
                all_.of<member>().enqueued += result.accepted + (pulls ? 0 : result.refused);
                break;
            }
            case 5: all_.of<member>().enqueued += pool_.broadcast(own_job{rt_.now()}); break;
            case 6: {
                const auto members = pool_.members();
                if (!members.empty()) {
                    count(
                        members[all_.below(static_cast<std::uint32_t>(members.size()))].actor.tell(own_job{rt_.now()}));
                }
                break;
            }
            case 7:
            case 8: ask(); break;
            case 9:
                if (all_.below(4) == 0) {
                    add();
                }
                break;
            case 10:
                if (all_.below(4) == 0) {
                    remove();
                }
                break;
            case 11: count(app::ref<member>(pool_).tell(fresh())); break;
            default: pass(1ms);
        }
    }

    void ask() {
        const pool_question q{rt_.now(), all_.below(3) == 0 ? how::fails : how::now, all_.below(1000)};
        auto answer = pool_.ask(q, 1h);
        if (answer.is_ready() && answer.result().error().code == drover::ask_error::no_target) {
            all_.of<member>().asked += pulls ? 1U : 0U;
            return;
        }
        all_.of<member>().asked += 1;
        all_.of<member>().enqueued += 1;
    }

    void add() {
        settle_all();
        auto answer = pool_.add();
        settle_all();
        const std::string name(answer.result().value().name());
        all_.of<member>().spawned += 1;
        const auto free = std::find(places_.begin(), places_.end(), std::string());
        place_by_name_[name] = static_cast<std::size_t>(free - places_.begin());
        if (free != places_.end()) {
            *free = name;
        } else {
            places_.push_back(name);
        }
        look();
    }
    void remove() {
        settle_all();
        const auto members = pool_.members();
        if (members.size() < 2) {
            return;
        }
        const auto& gone = members[all_.below(static_cast<std::uint32_t>(members.size()))].actor;
        const std::string name(gone.name());
        place_of(name);
        auto answer = all_.below(2) == 0 ? pool_.remove(gone) : pool_.drain(gone);
        // What is sent meanwhile finds it stopping.
        if (all_.below(2) == 0) {
            count(pool_.tell(fresh()));
        }
        settle_all();
        static_cast<void>(answer.result());
        *std::find(places_.begin(), places_.end(), name) = std::string();
        left_ += 1;
        look();
    }

    void compare() {
        const drover::metrics_snapshot now = drover::take_metrics(rt_);
        const auto& its = *now.of(drover::type_name<member>());
        const seen& should = all_.of<member>();
        const std::size_t faces = 1;
        same("pool", "spawned", its.spawned, should.spawned + faces);
        same("pool", "running", its.running(), should.spawned + faces - left_);
        same("pool", "dequeued", its.dequeued, should.begun);
        same("pool", "handled", its.handled, should.handled);
        same("pool", "waiting", its.waiting(), 0);
        same("pool", "failures", its.failures, should.failures);
        same("pool", "restarts", its.restarts, should.built - should.spawned);
        same("pool", "asks sent", its.asks_sent, should.asked);
        same("pool", "asks answered", its.asks_answered, should.answered);
        same("pool", "asks timed out", its.asks_timed_out, 0);
        same("pool", "timed handlers", its.processing_time.count(), should.handled);
        if (!moves) {
            same("pool", "enqueued", its.enqueued, should.enqueued);
            same("pool", "left", its.left, all_.stopped_letters);
        }
        if (!moves && its.mailbox_time != should.waited) {
            throw mismatch("pool mailbox times differ");
        }
        for (std::size_t each = 0; each != all_.dead.size(); ++each) {
            same("pool", drover::to_string(static_cast<reason>(each)), now.dead_letters[each], all_.dead[each]);
        }
        compare_members(now);
    }

    void compare_members(const drover::metrics_snapshot& now) {
        std::map<std::size_t, std::uint64_t> picks;
        for (const auto& [name, count] : all_.picked) {
            picks[place_of(name)] += count;
        }
        std::uint64_t picked = 0;
        std::uint64_t should = 0;
        for (const auto& each : now.members) {
            if (each.pool != "crew") {
                throw mismatch("a member of " + each.pool);
            }
            const std::string place = "member " + std::to_string(each.place);
            if (!moves) {
                same(place, "picks", each.picks, picks[each.place]);
            }
            same(place, "ejections", each.ejections, ejections_[each.place]);
            same(place, "recoveries", each.recoveries, recoveries_[each.place]);
            if (each.healthy() != !is_out(each.place)) {
                throw mismatch(place + " is not as well as it says");
            }
            picked += each.picks;
        }
        for (const auto& [place, count] : picks) {
            should += count;
        }
        if (pulls) {
            same("shared queue", "picks", picked, 0);
        } else if (moves ? picked < should : picked != should) {
            throw mismatch("picks of nobody");
        }
    }
    bool is_out(std::size_t place) {
        for (const auto& [name, out] : out_) {
            if (out && place_of(name) == place) {
                return true;
            }
        }
        return false;
    }

    pool_book all_;
    std::vector<std::string> places_{};  // who has each now
    std::map<std::string, std::size_t> place_by_name_{};
    std::map<std::string, bool> out_{};
    std::map<std::size_t, std::uint64_t> ejections_{};
    std::map<std::size_t, std::uint64_t> recoveries_{};
    std::uint64_t left_ = 0;
    app::simulated_runtime rt_;
    pool_type pool_;
};

}  // namespace

TEMPLATE_TEST_CASE("metrics of pools count what the test has seen", "", pool_program<drover::round_robin>,
                   pool_program<drover::power_of_two_choices>,
                   pool_program<drover::consistent_hash<drover::rendezvous>>,
                   (pool_program<drover::round_robin, watch>), (pool_program<drover::weighted_round_robin, watch>),
                   (pool_program<drover::round_robin, drover::no_health, drover::undelivered::pick_again>),
                   (pool_program<drover::join_idle_queue<>, watch, drover::undelivered::pick_again>),
                   pool_program<drover::shared_queue>) {
    run_seeds<TestType>(1, 200);
}
