// expect: drover: nothing to ask: the handler of this message returns void, so it gives no reply; use tell
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    const auto a = rt.spawn([](int n) -> drover::task<int> { co_return n; });
#else
    const auto a = rt.spawn([](int) -> drover::task<> { co_return; });
#endif
    const int n = a.ask(1).get();
    return n;
}
