// expect: drover: nothing to ask: the handler of this message returns void, so it gives no reply; use tell
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
    const auto target = rt.spawn(drover::overload{[](int n) { return n; }, [](char) {}});
    rt.spawn([&](int) -> drover::task<int> {
#ifdef ACCEPTED
          const int got = co_await target.ask(1);
#else
          const int got = co_await target.ask('a');
#endif
          co_return got;
      }).tell(1);
}
