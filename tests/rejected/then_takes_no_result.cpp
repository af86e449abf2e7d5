// expect: drover: wrong continuation: then() takes a callable of drover::expected<R, drover::ask_error>
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int n) { return n; });
    rt.spawn([a](int) {
#ifdef ACCEPTED
        a.ask(1).then([](const drover::expected<int, drover::ask_error>&) {});
#else
        a.ask(1).then([](int) {});
#endif
    });
}
