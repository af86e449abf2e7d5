// Messages for later, on a clock that the program turns itself.
#include <chrono>
#include <cstdio>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

struct tick {};
struct snooze {};
struct rang {};

struct alarm_clock {
    void operator()(tick, drover::context& me) {
        rings_ += 1;
        again_ = me.self<alarm_clock>().tell_after(10min, tick{});  // until somebody is awake
    }
    void operator()(snooze) { again_.cancel(); }
    int operator()(rang) const { return rings_; }

    drover::scoped_timer again_{};  // ends with the actor
    int rings_ = 0;
};

int main() {
    drover::manual_clock clock;
    drover::runtime_options chosen;
    chosen.clock = &clock;
    drover::runtime rt(chosen);

    const auto alarm = rt.spawn<alarm_clock>();
    alarm.tell_after(8h, tick{});
    const drover::timer_handle never = alarm.tell_after(9h, tick{});

    clock.advance(8h);
    const int first = alarm.ask(rang{}).get();
    clock.advance(10min);
    const int second = alarm.ask(rang{}).get();
    alarm.tell(snooze{});
    static_cast<void>(alarm.ask(rang{}).get());
    const bool cancelled = never.cancel();
    clock.advance(24h);
    const int last = alarm.ask(rang{}).get();

    std::printf("rang %d time at eight, %d at ten past, %d in the end\n", first, second, last);
    return first == 1 && second == 2 && last == 2 && cancelled ? 0 : 1;
}
