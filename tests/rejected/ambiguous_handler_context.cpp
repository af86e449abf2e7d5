// expect: drover: ambiguous handler: more than one call operator of the actor takes this message equally well
#include <drover/drover.hpp>

struct undecided {
    void operator()(int) {}
#ifdef ACCEPTED
    void operator()(const char*, drover::context&) {}
#else
    void operator()(int, drover::context&) {}
#endif
};

int main() {
    drover::runtime rt;
    rt.spawn<undecided>().tell(1);
}
