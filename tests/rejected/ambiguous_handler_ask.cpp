// expect: drover: ambiguous handler: more than one call operator of the actor takes this message equally well
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn(drover::overload{[](long n) { return n; }, [](double n) { return n; }});
#ifdef ACCEPTED
    return static_cast<int>(a.ask(1L).get());
#else
    const int n = a.ask(1).get();
    return n;
#endif
}
