#include <drover/health/record.hpp>

#include <type_traits>

#include <catch2/catch.hpp>

using drover::health_record;
using drover::health_signals;
using drover::record_plan;
using drover::time_point;

TEST_CASE("what is not needed is not kept, and says nothing") {
    static_assert(std::is_empty_v<health_record<health_signals::none>>);
    static_assert(std::is_empty_v<health_record<health_signals::probes>>);
    static_assert(sizeof(health_record<health_signals::turns>) == sizeof(health_record<health_signals::outcomes>));
    health_record<health_signals::none> none(record_plan{.consecutive = 1});
    CHECK_FALSE(none.succeeded());
    CHECK_FALSE(none.failed());
    CHECK_FALSE(none.timed_out());
    CHECK_FALSE(none.restarted());
    none.entered();
    CHECK_FALSE(none.left());
    CHECK(none.claim(time_point{}));
    none.give_back(0);
    CHECK_FALSE(none.answered());
    none.failed_late();
    CHECK(none.signals().outcomes == nullptr);
    CHECK(none.signals().window == nullptr);
    CHECK(none.signals().trial == nullptr);

    health_record<health_signals::turns> turns(record_plan{.consecutive = 1});
    CHECK_FALSE(turns.failed());
    CHECK(turns.signals().outcomes->read().failed == 0);
    turns.entered();
    turns.signals().outcomes->notice(1);
    CHECK(turns.left());

    health_record<health_signals::outcomes> outcomes(record_plan{.consecutive = 1});
    outcomes.entered();
    CHECK(outcomes.signals().outcomes->turn() == 0);
}

TEST_CASE("a record wakes who watches at the failures in a row, whatever they are") {
    health_record<health_signals::outcomes> one(record_plan{.consecutive = 4});
    CHECK_FALSE(one.failed());
    CHECK_FALSE(one.restarted());  // of that throw
    CHECK_FALSE(one.timed_out());
    CHECK_FALSE(one.restarted());  // a failure
    CHECK(one.failed());
    CHECK_FALSE(one.succeeded());
    CHECK(one.signals().outcomes->read().failed == 4);
    CHECK(one.signals().outcomes->read().succeeded == 1);
}

TEST_CASE("a record wakes who watches when its window trips and when a trial ends") {
    health_record<health_signals::outcomes | health_signals::calls> one(
        record_plan{.window = {.calls = 4, .least = 4, .percent = 75}});
    CHECK_FALSE(one.failed());
    CHECK_FALSE(one.restarted());
    CHECK_FALSE(one.timed_out());
    CHECK_FALSE(one.restarted());
    CHECK(one.succeeded());
    CHECK(one.signals().window->tripped());
    one.signals().trial->offer();
    const auto claimed = one.claim(time_point{});
    CHECK(claimed);
    one.give_back(claimed.ticket);
    CHECK_FALSE(one.succeeded());
    CHECK(one.claim(time_point{}));
    CHECK(one.succeeded());
    one.signals().trial->offer();
    CHECK(one.claim(time_point{}));
    CHECK(one.timed_out());
    one.signals().trial->offer();
    CHECK(one.claim(time_point{}));
    CHECK(one.answered());
    CHECK_FALSE(one.answered());
}

TEST_CASE("a record counts what others answer, and no throw twice") {
    health_record<health_signals::outcomes> one(record_plan{.consecutive = 2});
    CHECK_FALSE(one.timed_out());
    one.failed_late();
    CHECK_FALSE(one.restarted());
    CHECK(one.signals().outcomes->read().failed == 1);
    CHECK_FALSE(one.answered());
    CHECK(one.signals().outcomes->read().succeeded == 1);
    CHECK(one.signals().outcomes->read().run == 0);
    CHECK_FALSE(one.restarted());
    CHECK(one.timed_out());
}
