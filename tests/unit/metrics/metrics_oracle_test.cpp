// What metrics count against what the test itself has seen: random programs in simulations. DROVER_SEED runs one seed
// alone.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/metrics_book.hpp"

using namespace std::chrono_literals;

namespace {

using namespace drover_test;

struct plain : recorded<plain> {
    using recorded::recorded;
    void operator()(const note& n, app_context& me) { meet(n, me); }
    void operator()(const late_note& n) { meet_late(n); }
    void operator()(const news& n) {
        begin(n.pushed);
        end();
    }
};

template <class Overflow>
struct boxed : recorded<boxed<Overflow>> {
    using mailbox = drover::bounded_mailbox<3, Overflow>;
    using recorded<boxed>::recorded;
    void operator()(const note& n, app_context& me) { this->meet(n, me); }
    void operator()(const late_note& n) { this->meet_late(n); }
};

struct leveled : recorded<leveled> {
    using mailbox = drover::priority_mailbox<3>;
    using recorded::recorded;
    static std::size_t priority(const note& n) noexcept { return n.level; }
    void operator()(const note& n, app_context& me) { meet(n, me); }
};

struct lone : recorded<lone> {
    using mailbox = drover::single_producer_mailbox<4, drover::reject_newest>;
    using recorded::recorded;
    void operator()(const note& n, app_context& me) { meet(n, me); }
};

struct keeper : recorded<keeper> {
    static constexpr drover::supervision supervision{.limit = {.count = 3}, .backoff = {.first = 1ms, .most = 4ms}};
    using recorded::recorded;
    ~keeper() { all->kept.erase(id); }
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;
    void operator()(const note& n, app_context& me) {
        begin(n.pushed);
        id = me.cell().id;
        const after_it note_size{*this};
        switch (n.what) {
            case act::keep: put(n, me); break;
            case act::replay: kept.replay(me); break;
            case act::clear: kept.clear(me); break;
            case act::fail: throw std::runtime_error("as told");
            case act::stop: me.stop(); break;
            default: break;
        }
        end();
    }
    void put(note n, app_context& me) {
        n.pushed = all->now();
        n.what = act::nothing;
        const bool taken = drover::is_accepted(kept.put(n, me));
        (taken ? all->of<keeper>().enqueued : all->of<keeper>().rejected) += 1;
    }
    struct after_it {
        keeper& self;
        ~after_it() { self.all->kept[self.id] = self.kept.size(); }
    };
    drover::actor_id id = drover::actor_id::none;
    app::stash<keeper, 3> kept{};
};

struct willing;
struct unwilling;
using moody = drover::behaviours<willing, unwilling>;
struct willing {
    explicit willing(book* b) : all(b) {}
    void operator()(const note& n, app_context& me);
    void operator()(const settle& s, app_context& me);
    book* all;
};
struct unwilling {
    explicit unwilling(book* b) : all(b) {}
    void operator()(const settle& s, app_context& me);
    book* all;
};
void met(book& all, drover::time_point pushed) {
    all.of<moody>().begun += 1;
    all.of<moody>().waited.record(all.now() - pushed);
    all.of<moody>().handled += 1;
    all.of<moody>().calls += 1;
}
void willing::operator()(const note& n, app_context&) {
    met(*all, n.pushed);
}
void willing::operator()(const settle& s, app_context& me) {
    met(*all, s.pushed);
    drover::become<unwilling>(me, all);
}
void unwilling::operator()(const settle& s, app_context& me) {
    met(*all, s.pushed);
    drover::become<willing>(me, all);
}

struct batcher : recorded<batcher> {
    static constexpr drover::supervision supervision{.limit = {.count = 4}};
    using batches = drover::of<note>;
    using batching = drover::up_to<5>;
    using recorded::recorded;
    void operator()(std::span<note> some) {
        auto& mine = all->of<batcher>();
        mine.batches += 1;
        mine.batched += some.size();
        bool fails = false;
        for (const note& each : some) {
            begin(each.pushed);
            fails = fails || each.what == act::fail;
        }
        if (fails) {
            throw std::runtime_error("as told");
        }
        mine.handled += some.size();
        mine.calls += 1;
    }
};

struct again : recorded<again> {
    static constexpr drover::supervision supervision{
        .limit = {.count = 6}, .backoff = {.first = 1ms, .most = 4ms}, .redeliver = 2};
    using recorded::recorded;
    void operator()(const note& n) {
        const std::uint32_t attempt = ++all->attempts[n.number];
        if (attempt == 1) {
            begin(n.pushed);
        }
        if (attempt <= n.failures) {
            throw std::runtime_error("once more");
        }
        end(attempt == 1);
    }
    void operator()(const late_note& n) { meet_late(n); }
};

struct sleeper : recorded<sleeper> {
    using recorded::recorded;
    drover::task<void> operator()(const note n) {
        begin(n.pushed);
        co_await drover::sleep_for(3ms);
        if (n.what == act::fail) {
            throw std::runtime_error("as told");
        }
        end(false);
    }
};

struct asked_one : recorded<asked_one> {
    static constexpr drover::supervision supervision{.limit = {.count = 3}};
    using recorded::recorded;
    drover::later<int> operator()(const question& q, app_context& me) {
        begin(q.pushed);
        switch (q.answer) {
            case how::now: me.later<int>().set(1); break;
            case how::later: open.push_back(me.later<int>()); break;
            case how::never: break;
            case how::fails: throw std::runtime_error("as told");
        }
        end();
        return {};
    }
    void operator()(const settle& s) {
        begin(s.pushed);
        for (auto& each : std::exchange(open, {})) {
            each.set(2);
        }
        end();
    }
    std::vector<app::promise<int>> open{};
};

using small_cache = drover::direct_mapped_cache<2>;

class program {
public:
    explicit program(std::uint64_t seed) : all_(seed), rt_(seed, options_of(all_)), topic_(rt_), ways_(rt_.registry()) {
        all_.clock = [this] { return rt_.now(); };
        for (int each = 0; each != 2; ++each) {
            spawn_all();
        }
        all_.sends.push_back([this] { tell(plains_); });
        all_.sends.push_back([this] { tell(plains_); });
        all_.sends.push_back([this] { tell(boxes<drover::reject_newest>()); });
        all_.sends.push_back([this] { tell(boxes<drover::block_sender<2>>()); });
        all_.sends.push_back([this] { tell(levels_); });
        all_.sends.push_back([this] { tell(agains_); });
    }
    ~program() {
        rt_.stop();  // before the answers and what the sinks write to
    }

    void run() {
        for (std::uint32_t left = 30 + all_.below(60); left != 0; --left) {
            do_something();
            for (std::uint32_t steps = all_.below(4); steps != 0 && rt_.step(); --steps) {}
            if (all_.below(12) == 0) {
                rt_.advance(std::chrono::milliseconds(all_.below(4)));
            }
            if (all_.below(6) == 0) {
                check_bounds();
            }
        }
        rt_.advance(1s);
        compare();
    }

private:
    template <class A>
    using refs = std::vector<app::ref<A>>;

    template <class Overflow>
    refs<boxed<Overflow>>& boxes() {
        return std::get<refs<boxed<Overflow>>>(boxes_);
    }

    template <class A, class Made = A>
    void spawn(refs<A>& into) {
        into.push_back(rt_.template spawn<A>(&all_));
        all_.type_of[into.back().id()] = drover::type_name<A>();
        all_.of<A>().spawned += 1;
    }
    void spawn_all() {
        spawn(plains_);
        spawn(boxes<drover::reject_newest>());
        spawn(boxes<drover::drop_newest>());
        spawn(boxes<drover::drop_oldest>());
        spawn(boxes<drover::block_sender<2>>());
        spawn(boxes<drover::fail_actor>());
        spawn(levels_);
        spawn(lones_);
        spawn(keepers_);
        spawn(moodies_);
        spawn(batchers_);
        spawn(agains_);
        spawn(sleepers_);
        spawn(askeds_);
        if (all_.below(2) == 0) {
            topic_.subscribe(plains_.back());
        }
    }

    template <class A>
    const app::ref<A>& one_of(const refs<A>& some) {
        return some[all_.below(static_cast<std::uint32_t>(some.size()))];
    }

    note fresh() {
        note n;
        n.pushed = rt_.now();
        n.number = all_.next_number++;
        n.level = all_.below(3);
        n.failures = all_.below(5);
        const std::uint32_t dice = all_.below(24);
        n.what = dice == 0   ? act::fail
                 : dice == 1 ? act::stop
                 : dice < 6  ? act::send
                 : dice < 12 ? act::keep
                 : dice < 14 ? act::replay
                 : dice < 15 ? act::clear
                             : act::nothing;
        return n;
    }

    template <class A>
    void count_send(drover::delivery result, std::uint64_t messages = 1, bool tried = false) {
        seen& its = all_.of<A>();
        switch (result) {
            case drover::delivery::accepted:
            case drover::delivery::accepted_above_high_water:
            case drover::delivery::deferred: its.enqueued += messages; break;
            case drover::delivery::rejected_full:
            case drover::delivery::timed_out:
            case drover::delivery::would_deadlock: its.rejected += messages; break;
            case drover::delivery::dropped:
                break;  // the sink hears of it
            // A mailbox finds out when the message is there, but for one that has no room either.
            case drover::delivery::stopped:
                (drover::mailbox_of<A>::limited ? its.perhaps : its.enqueued) += tried ? 0 : messages;
                break;
            case drover::delivery::no_target: break;
        }
    }

    template <class A>
    void tell(const refs<A>& some) {
        count_send<A>(one_of(some).tell(fresh()));
    }
    template <class A>
    void try_tell(const refs<A>& some) {
        note n = fresh();
        const drover::delivery result = one_of(some).try_tell(n);
        if (result != drover::delivery::dropped) {
            count_send<A>(result, 1, true);
        } else {
            all_.of<A>().rejected += 1;
        }
    }
    template <class A>
    void tell_batch(const refs<A>& some) {
        std::vector<note> notes;
        for (std::uint32_t left = 1 + all_.below(4); left != 0; --left) {
            notes.push_back(fresh());
        }
        const std::size_t count = notes.size();
        count_send<A>(one_of(some).tell_batch(std::move(notes)), count);
    }
    template <class A>
    void tell_late(const refs<A>& some) {
        if (all_.below(3) != 0) {
            const auto after = std::chrono::milliseconds(1 + all_.below(5));
            all_.arms = true;  // what is refused now has no timer
            timers_.push_back(one_of(some).tell_after(after, late_note{rt_.now() + after}));
            all_.arms = false;
        } else if (!timers_.empty()) {
            timers_[all_.below(static_cast<std::uint32_t>(timers_.size()))].cancel();
        }
    }

    // Now and then so many that a mailbox is full.
    template <class A>
    void any_send(const refs<A>& some) {
        if (all_.below(4) == 0) {
            const app::ref<A>& whom = one_of(some);
            for (std::uint32_t left = 2 + all_.below(6); left != 0; --left) {
                count_send<A>(whom.tell(fresh()));
            }
        }
        switch (all_.below(4)) {
            case 0: tell_batch(some); break;
            case 1: try_tell(some); break;
            default: tell(some); break;
        }
    }

    void ask() {
        seen& its = all_.of<asked_one>();
        its.asked += 1;
        its.enqueued += 1;
        const question q{rt_.now(), static_cast<how>(all_.below(4))};
        const app::ref<asked_one>& whom = one_of(askeds_);
        const std::uint32_t dice = all_.below(3);
        if (dice == 0) {
            answers_.push_back(whom.ask(q, std::chrono::milliseconds(all_.below(3))));
        } else {
            answers_.push_back(whom.ask(q));
        }
    }

    // --- names: a model of the cache ---------------------------------------------------------------------------------

    static constexpr std::array<std::string_view, 5> names_{"n0", "n1", "n2", "n3", "n4"};
    struct held_name {
        app::ref<plain> holder{};
        std::uint64_t version = 0;
        bool held = false;
    };
    struct cached {
        std::size_t name = 0;
        std::uint64_t version = 0;
        bool there = false;
    };

    void note_ends() {
        for (held_name& each : book_of_names_) {
            if (each.held && each.holder.stopped()) {
                each.held = false;
                each.version += 1;
            }
        }
    }
    void change_name() {
        note_ends();
        const std::size_t which = all_.below(names_.size());
        held_name& its = book_of_names_[which];
        const app::ref<plain>& who = one_of(plains_);
        if (its.held && all_.below(2) == 0) {
            rt_.registry().remove(names_[which]);
            its.held = false;
            its.version += 1;
        } else if (!who.stopped() && !(its.held && its.holder == who)) {
            rt_.registry().replace(names_[which], who);
            its = {who, its.version + 1, true};
        }
    }
    void send_by_name() {
        note_ends();
        const std::size_t which = all_.below(names_.size());
        const drover::name_view name(names_[which]);
        held_name& its = book_of_names_[which];
        cached& place = cache_[name.hash() % 2];
        if (place.there && place.name == which && place.version == its.version) {
            hits_ += 1;
        } else {
            misses_ += 1;
            if (place.there && place.name == which) {
                invalidated_ += 1;
                place.there = false;
            }
            if (its.held) {
                place = {which, its.version, true};
            }
        }
        count_send<plain>(ways_.template tell<plain>(name, fresh()));
    }

    void do_something() {
        switch (all_.below(28)) {
            case 0: any_send(plains_); break;
            case 1: any_send(boxes<drover::reject_newest>()); break;
            case 2: any_send(boxes<drover::drop_newest>()); break;
            case 3: any_send(boxes<drover::drop_oldest>()); break;
            case 4: any_send(boxes<drover::block_sender<2>>()); break;
            case 5: any_send(boxes<drover::fail_actor>()); break;
            case 6: any_send(levels_); break;
            case 7: any_send(lones_); break;
            case 8:
            case 9:
            case 10: any_send(keepers_); break;
            case 11: tell(moodies_); break;
            case 12: count_send<moody>(one_of(moodies_).tell(settle{rt_.now()})); break;
            case 13:
            case 14: any_send(batchers_); break;
            case 15:
            case 16: any_send(agains_); break;
            case 17: any_send(sleepers_); break;
            case 18:
            case 19: ask(); break;
            case 20: count_send<asked_one>(one_of(askeds_).tell(settle{rt_.now()})); break;
            case 21: tell_late(plains_); break;
            case 22: tell_late(boxes<drover::drop_oldest>()); break;
            case 23: tell_late(agains_); break;
            case 24: all_.of<plain>().enqueued += topic_.publish(news{rt_.now()}); break;
            case 25: change_name(); break;
            case 26: send_by_name(); break;
            default: rare(); break;
        }
    }

    void rare() {
        switch (all_.below(8)) {
            case 0: spawn_all(); break;
            case 1: one_of(plains_).stop(); break;
            case 2: one_of(keepers_).stop(); break;
            case 3: one_of(sleepers_).stop(); break;
            case 4: one_of(askeds_).stop(); break;
            case 5: one_of(batchers_).stop_when_drained(); break;
            case 6: one_of(boxes<drover::drop_oldest>()).stop(); break;
            default: one_of(agains_).stop(); break;
        }
    }

    // --- at the end --------------------------------------------------------------------------------------------------

    void check_bounds() {
        const drover::metrics_snapshot now = drover::take_metrics(rt_);
        for (const auto& each : now.actors) {
            if (const auto found = all_.types.find(each.type); found != all_.types.end()) {
                same(each.type, "waiting at a stand", each.waiting(), each.enqueued - found->second.begun - each.left);
                same(each.type, "dequeued at a stand", each.dequeued, found->second.begun);
            }
        }
        const std::uint64_t first = earlier_.has_value() && earlier_->of(drover::type_name<plain>()) != nullptr
                                        ? earlier_->of(drover::type_name<plain>())->enqueued
                                        : 0;
        if (now.of(drover::type_name<plain>()) != nullptr && now.of(drover::type_name<plain>())->enqueued < first) {
            throw mismatch("a number went back");
        }
        earlier_ = now;
    }

    template <class A>
    std::uint64_t running(const refs<A>& some) const {
        std::uint64_t count = 0;
        for (const app::ref<A>& each : some) {
            count += each.stopped() ? 0U : 1U;
        }
        return count;
    }

    std::size_t in_stashes() const {
        std::size_t count = 0;
        for (const auto& [id, size] : all_.kept) {
            count += size;
        }
        return count;
    }

    template <class A>
    void compare_type(const refs<A>& some, const drover::metrics_snapshot& now, bool waits_known = true) {
        const std::string_view type = drover::type_name<A>();
        const auto* const its = now.of(type);
        if (its == nullptr) {
            throw mismatch("nothing of " + std::string(type));
        }
        seen& should = all_.of<A>();
        same(type, "enqueued", its->enqueued,
             std::clamp(its->enqueued, should.enqueued, should.enqueued + should.perhaps));
        same(type, "dequeued", its->dequeued, should.begun);
        same(type, "waiting", its->waiting(), std::is_same_v<A, keeper> ? in_stashes() : 0);
        same(type, "handled", its->handled, should.handled);
        same(type, "rejected", its->rejected, should.rejected);
        same(type, "dropped", its->dropped, should.dropped);
        same(type, "spawned", its->spawned, should.spawned);
        same(type, "running", its->running(), running(some));
        same(type, "restarts", its->restarts, std::is_same_v<A, moody> ? its->restarts : should.built - should.spawned);
        same(type, "failures", its->failures, should.failures);
        same(type, "batches", its->batches, should.batches);
        same(type, "batched", its->batched, should.batched);
        same(type, "asks sent", its->asks_sent, should.asked);
        same(type, "asks answered", its->asks_answered, should.answered);
        same(type, "asks timed out", its->asks_timed_out, should.timed_out);
        same(type, "timers", its->timers, should.fired);
        same(type, "timed handlers", its->processing_time.count(), should.calls);
        same(type, "time in handlers", its->processing_time.sum_nanoseconds(), 0);
        if (waits_known && its->mailbox_time != should.waited) {
            throw mismatch(std::string(type) + " mailbox time: " + std::to_string(its->mailbox_time.count()) + " of " +
                           std::to_string(its->mailbox_time.sum_nanoseconds()) + " ns counted, " +
                           std::to_string(should.waited.count()) + " of " +
                           std::to_string(should.waited.sum_nanoseconds()) + " seen");
        }
    }

    void compare() {
        for (auto& each : answers_) {
            if (each.is_ready()) {
                const auto outcome = each.result();
                all_.of<asked_one>().answered += outcome ? 1U : 0U;
                all_.of<asked_one>().timed_out +=
                    !outcome && outcome.error().code == drover::ask_error::timeout ? 1U : 0U;
            }
        }
        const drover::metrics_snapshot now = drover::take_metrics(rt_);
        compare_type(plains_, now);
        compare_type(boxes<drover::reject_newest>(), now);
        compare_type(boxes<drover::drop_newest>(), now);
        compare_type(boxes<drover::drop_oldest>(), now);
        compare_type(boxes<drover::block_sender<2>>(), now, false);  // its senders wait before they push
        compare_type(boxes<drover::fail_actor>(), now);
        compare_type(levels_, now);
        compare_type(lones_, now);
        compare_type(keepers_, now);
        compare_unhandled(now);
        compare_type(batchers_, now);
        compare_type(agains_, now);
        compare_type(sleepers_, now);
        compare_type(askeds_, now);
        for (std::size_t each = 0; each != all_.dead.size(); ++each) {
            same("dead letters", drover::to_string(static_cast<reason>(each)), now.dead_letters[each], all_.dead[each]);
        }
        same("cache", "hits", now.cache_hits, hits_);
        same("cache", "misses", now.cache_misses, misses_);
        same("cache", "invalidations", now.cache_invalidations, invalidated_);
    }
    // Nobody knows when an unhandled message was begun but the runtime.
    void compare_unhandled(const drover::metrics_snapshot& now) {
        compare_type(moodies_, now, all_.dead[static_cast<std::size_t>(reason::unhandled)] == 0);
    }

    book all_;
    app::simulated_runtime rt_;
    app::topic<news> topic_;
    app::router<small_cache> ways_;
    refs<plain> plains_{};
    std::tuple<refs<boxed<drover::reject_newest>>, refs<boxed<drover::drop_newest>>, refs<boxed<drover::drop_oldest>>,
               refs<boxed<drover::block_sender<2>>>, refs<boxed<drover::fail_actor>>>
        boxes_{};
    refs<leveled> levels_{};
    refs<lone> lones_{};
    refs<keeper> keepers_{};
    refs<moody> moodies_{};
    refs<batcher> batchers_{};
    refs<again> agains_{};
    refs<sleeper> sleepers_{};
    refs<asked_one> askeds_{};
    std::vector<app::answer<int>> answers_{};
    std::vector<drover::timer_handle> timers_{};
    std::array<held_name, names_.size()> book_of_names_{};
    std::array<cached, 2> cache_{};
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
    std::uint64_t invalidated_ = 0;
    std::optional<drover::metrics_snapshot> earlier_{};
};

}  // namespace

TEST_CASE("metrics count what the test has seen, in many random programs") {
    run_seeds<program>(1, 1000);
}
