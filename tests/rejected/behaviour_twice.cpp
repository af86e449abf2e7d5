// expect: drover: a behaviour twice: drover::behaviours names each of its classes once
#include <drover/drover.hpp>

struct idle {
    void operator()(long) {}
};
struct busy {
    void operator()(long) {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn<drover::behaviours<idle, busy>>().tell(1L);
#else
    rt.spawn<drover::behaviours<idle, idle>>().tell(1L);
#endif
}
