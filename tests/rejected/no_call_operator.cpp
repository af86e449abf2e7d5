// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

struct forgetful {
#ifdef ACCEPTED
    void operator()(int) {}
#endif
};

int main() {
    drover::runtime rt;
    rt.spawn<forgetful>().tell(1);
}
