// expect: drover: not awaitable in a task: co_await takes an ask, sleep_for, when_all, when_any, tell_when_room or
// another drover::task
#include <drover/drover.hpp>

#include <coroutine>

int main() {
    drover::runtime rt;
    rt.spawn([](int) -> drover::task<> {
#ifdef ACCEPTED
          co_await drover::sleep_for(drover::clock_duration(1));
#else
          co_await std::suspend_always{};
#endif
      }).tell(1);
}
