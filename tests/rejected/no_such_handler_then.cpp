// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int n) { return n; });
    rt.spawn([a](int) {
#ifdef ACCEPTED
        a.ask(1).then([](const drover::expected<int, drover::ask_error>&) {});
#else
        a.ask(std::string("1")).then([](const drover::expected<int, drover::ask_error>&) {});
#endif
    });
}
