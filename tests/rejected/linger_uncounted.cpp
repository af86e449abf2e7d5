// expect: drover: an actor that lingers needs a mailbox that counts: a bounded one, or none of its own
#include <drover/drover.hpp>

struct worker {
    using batching = drover::linger<8, 100>;
#ifdef ACCEPTED
    using mailbox = drover::bounded_mailbox<100>;
#else
    using mailbox = drover::unbounded_mailbox;
#endif
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    rt.spawn<worker>().tell(1);
}
