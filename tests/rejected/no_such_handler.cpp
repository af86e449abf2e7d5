// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

struct counter {
    void operator()(int n) { sum += n; }
    int sum = 0;
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<counter>();
#ifdef ACCEPTED
    a.tell(1);
#else
    a.tell(std::string("no handler takes this"));
#endif
}
