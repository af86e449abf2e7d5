// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int n) { return n; });
#ifdef ACCEPTED
    const int n = a.ask(1).get();
#else
    const int n = a.ask(std::string("1")).get();
#endif
    return n;
}
