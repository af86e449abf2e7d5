// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>
#include <vector>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int) {});
#ifdef ACCEPTED
    a.tell_batch(std::vector<int>{1, 2});
#else
    a.tell_batch(std::vector<std::string>{"1", "2"});
#endif
}
