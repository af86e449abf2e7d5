// expect: drover: ambiguous handler: more than one call operator of the actor takes this message equally well
#include <drover/drover.hpp>

struct undecided {
    void operator()(long) {}
    void operator()(double) {}
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<undecided>();
#ifdef ACCEPTED
    a.tell(1L);
#else
    a.tell(1);
#endif
}
