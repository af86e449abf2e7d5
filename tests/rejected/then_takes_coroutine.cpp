// expect: drover: a continuation is no coroutine, because nobody would run it: co_await the ask in a handler that
// returns drover::task
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
    const auto target = rt.spawn([](int n) { return n; });
    rt.spawn([&](char) {
#ifdef ACCEPTED
          target.ask(1).then([](auto) {});
#else
          target.ask(1).then([](auto) -> drover::task<> { co_return; });
#endif
      }).tell('a');
}
