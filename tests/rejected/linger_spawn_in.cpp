// expect: drover: an actor that lingers needs a mailbox that counts: a bounded one, or none of its own
#include <drover/drover.hpp>

struct worker {
    using batching = drover::linger<8, 100>;
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn<worker>(drover::spawn_in<drover::bounded_mailbox<8>>{}).tell(1);
#else
    rt.spawn<worker>(drover::spawn_in<drover::priority_mailbox<8>>{}).tell(1);
#endif
}
