// expect: drover: nothing to ask: the handler of this message returns void, so it gives no reply; use tell
#include <drover/drover.hpp>

#include <chrono>

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    const auto a = rt.spawn([](int n, drover::context&) { return n; });
#else
    const auto a = rt.spawn([](int, drover::context&) {});
#endif
    const auto reply = a.ask(1, std::chrono::seconds(1));
    static_cast<void>(reply);
}
