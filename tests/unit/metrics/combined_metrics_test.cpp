#include <drover/metrics/combined_metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>
#include <drover/metrics/counter_metrics.hpp>
#include <drover/metrics/latency_metrics.hpp>

using drover::combined_metrics;
using drover::hook_member;
using drover::hook_subject;

namespace {

// Writes down which hook was called, with its number where it has one.
template <int Id>
struct noting : drover::no_metrics {
    struct thread_part {
        std::vector<std::string> heard{};
        void absorb(const thread_part& gone) noexcept {
            heard.insert(heard.end(), gone.heard.begin(), gone.heard.end());
        }
    };
    struct stamp {
        int value = 0;
    };

    static void on_spawn(thread_part& p, hook_subject) noexcept { p.heard.push_back("spawn"); }
    static void on_start(thread_part& p, hook_subject) noexcept { p.heard.push_back("start"); }
    static void on_stop(thread_part& p, hook_subject) noexcept { p.heard.push_back("stop"); }
    static void on_restart(thread_part& p, hook_subject) noexcept { p.heard.push_back("restart"); }
    static void on_failure(thread_part& p, hook_subject) noexcept { p.heard.push_back("failure"); }
    static void on_enqueue(thread_part& p, hook_subject, std::size_t n) noexcept { note(p, "enqueue", n); }
    static void on_stamp(thread_part& p, hook_subject, std::size_t place, stamp& mark) noexcept {
        note(p, "stamp", place);
        mark.value = Id;
    }
    static void on_dequeue(thread_part& p, hook_subject, const stamp& mark) noexcept {
        note(p, "dequeue", static_cast<std::size_t>(mark.value));
    }
    static void on_leave(thread_part& p, hook_subject) noexcept { p.heard.push_back("leave"); }
    static void on_handled(thread_part& p, hook_subject, std::size_t n) noexcept { note(p, "handled", n); }
    static void on_batch(thread_part& p, hook_subject, std::size_t n) noexcept { note(p, "batch", n); }
    static void on_rejected(thread_part& p, hook_subject) noexcept { p.heard.push_back("rejected"); }
    static void on_dropped(thread_part& p, hook_subject) noexcept { p.heard.push_back("dropped"); }
    static void on_dead_letter(thread_part& p, hook_subject, drover::dead_letter_reason why) noexcept {
        note(p, "dead", static_cast<std::size_t>(why));
    }
    static void on_timer(thread_part& p, hook_subject) noexcept { p.heard.push_back("timer"); }
    static void on_other(thread_part& p) noexcept { p.heard.push_back("other"); }
    static void on_ask_sent(thread_part& p, hook_subject) noexcept { p.heard.push_back("asked"); }
    static void on_ask_answered(thread_part& p, hook_subject) noexcept { p.heard.push_back("answered"); }
    static void on_ask_timed_out(thread_part& p, hook_subject) noexcept { p.heard.push_back("timed out"); }
    static void on_pick(thread_part& p, hook_member m) noexcept { note(p, "pick", m.label); }
    static void on_ejection(thread_part& p, hook_member m) noexcept { note(p, "ejection", m.label); }
    static void on_recovery(thread_part& p, hook_member m) noexcept { note(p, "recovery", m.label); }
    static void on_cache_hit(thread_part& p) noexcept { p.heard.push_back("hit"); }
    static void on_cache_miss(thread_part& p) noexcept { p.heard.push_back("miss"); }
    static void on_cache_invalidation(thread_part& p) noexcept { p.heard.push_back("invalidation"); }
    static void on_steal(thread_part& p, std::size_t n) noexcept { note(p, "steal", n); }
    static void on_idle(thread_part& p) noexcept { p.heard.push_back("idle"); }
    static void on_park(thread_part& p) noexcept { p.heard.push_back("park"); }
    static void on_wake(thread_part& p) noexcept { p.heard.push_back("wake"); }

private:
    static void note(thread_part& p, const std::string& what, std::size_t n) {
        p.heard.push_back(what + " " + std::to_string(n));
    }
};

struct empty_one : drover::no_metrics {};
struct labels_alone : drover::no_metrics {
    static constexpr bool labelled = true;
};
struct stamped_alone : drover::no_metrics {
    struct stamp {
        std::uint64_t value = 0;
    };
};

const std::vector<std::string> every_hook(int id) {
    return {"spawn",        "start",      "stop",      "restart",
            "failure",      "stamp 1",    "enqueue 2", "dequeue " + std::to_string(id),
            "leave",        "handled 3",  "batch 4",   "rejected",
            "dropped",      "dead 4",     "timer",     "other",
            "asked",        "answered",   "timed out", "pick 7",
            "ejection 8",   "recovery 9", "hit",       "miss",
            "invalidation", "steal 5",    "idle",      "park",
            "wake"};
}

}  // namespace

TEST_CASE("each hook reaches each policy, with its own part and stamp") {
    using both = combined_metrics<noting<1>, empty_one, noting<2>>;
    STATIC_REQUIRE(drover::metrics_policy<both>);
    both::thread_part part;
    both::stamp mark;
    constexpr hook_subject who{drover::actor_id{1}, 3};
    both::on_spawn(part, who);
    both::on_start(part, who);
    both::on_stop(part, who);
    both::on_restart(part, who);
    both::on_failure(part, who);
    both::on_stamp(part, who, 1, mark);
    both::on_enqueue(part, who, 2);
    both::on_dequeue(part, who, mark);
    both::on_leave(part, who);
    both::on_handled(part, who, 3);
    both::on_batch(part, who, 4);
    both::on_rejected(part, who);
    both::on_dropped(part, who);
    both::on_dead_letter(part, who, drover::dead_letter_reason::expired);
    both::on_timer(part, who);
    both::on_other(part);
    both::on_ask_sent(part, who);
    both::on_ask_answered(part, who);
    both::on_ask_timed_out(part, who);
    both::on_pick(part, {7});
    both::on_ejection(part, {8});
    both::on_recovery(part, {9});
    both::on_cache_hit(part);
    both::on_cache_miss(part);
    both::on_cache_invalidation(part);
    both::on_steal(part, 5);
    both::on_idle(part);
    both::on_park(part);
    both::on_wake(part);
    CHECK(part.of<noting<1>>().heard == every_hook(1));
    CHECK(part.of<noting<2>>().heard == every_hook(2));
    CHECK(mark.of<noting<1>>().value == 1);

    both::thread_part sum;
    both::on_idle(sum);
    sum.absorb(part);
    CHECK(std::as_const(sum).of<noting<2>>().heard.size() == 1 + every_hook(2).size());
}

TEST_CASE("what is empty takes no room") {
    using none = combined_metrics<empty_one, labels_alone>;
    STATIC_REQUIRE(std::is_empty_v<none::thread_part>);
    STATIC_REQUIRE(std::is_empty_v<none::stamp>);
    STATIC_REQUIRE(none::labelled);
    STATIC_REQUIRE_FALSE(combined_metrics<empty_one>::labelled);
    using stamped = combined_metrics<empty_one, stamped_alone, drover::counter_metrics>;
    STATIC_REQUIRE(sizeof(stamped::stamp) == sizeof(std::uint64_t));
    STATIC_REQUIRE(sizeof(stamped::thread_part) == sizeof(drover::counter_part));
    STATIC_REQUIRE(sizeof(combined_metrics<drover::latency_metrics<>, stamped_alone>::stamp) == 16);
    none::thread_part part;
    none::stamp mark;
    none::on_stamp(part, {}, 0, mark);
    none::on_spawn(part, {});
    part.absorb(part);
}

TEST_CASE("parts that want the runtime's clock are made with it, others without") {
    using both = combined_metrics<drover::latency_metrics<1>, noting<1>, empty_one>;
    drover::manual_clock clock;
    const auto part = std::make_unique<both::thread_part>(clock);
    both::stamp mark;
    constexpr hook_subject who{drover::actor_id{1}, 3};
    both::on_stamp(*part, who, 0, mark);
    clock.advance(std::chrono::seconds(1));
    both::on_dequeue(*part, who, mark);
    drover::histogram waits;
    part->of<drover::latency_metrics<1>>().of_actors[3].load()->mailbox.add_to(waits);
    CHECK(waits.sum_nanoseconds() == 1'000'000'000);
    CHECK(part->of<noting<1>>().heard.size() == 2);
}
