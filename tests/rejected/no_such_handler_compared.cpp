// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <iostream>
#include <string>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int n) { return n; });
#ifdef ACCEPTED
    std::cout << (a.ask(1).get() == 9);
#else
    std::cout << (a.ask(std::string("1")).get() == 9);
#endif
}
