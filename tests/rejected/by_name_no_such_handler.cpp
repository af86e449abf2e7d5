// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

struct clerk {
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    drover::router<> by(rt.registry());
#ifdef ACCEPTED
    by.tell<clerk>("name", 1);
#else
    by.tell<clerk>("name", "text");
#endif
}
