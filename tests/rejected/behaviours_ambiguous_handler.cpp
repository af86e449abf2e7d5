// expect: drover: ambiguous handler: more than one call operator of a behaviour takes this message equally well
#include <drover/drover.hpp>

struct idle {
    void operator()(long) {}
};
struct busy {
    void operator()(long) {}
#ifndef ACCEPTED
    void operator()(int, drover::context&) {}
#endif
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<drover::behaviours<idle, busy>>();
    a.tell(1);
}
