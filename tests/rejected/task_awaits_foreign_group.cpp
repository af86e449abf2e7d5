// expect: drover: not awaitable in a task: when_all and when_any take asks, sleep_for, tell_when_room, other
// drover::tasks, and each other
#include <drover/drover.hpp>

#include <chrono>

int main() {
    drover::runtime rt;
    rt.spawn([](int) -> drover::task<> {
#ifdef ACCEPTED
          co_await drover::when_any(drover::sleep_for(std::chrono::seconds(1)));
#else
          co_await drover::when_any(std::chrono::seconds(1));
#endif
      }).tell(1);
}
