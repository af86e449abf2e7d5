// expect: drover: one queue for one sender: the shared_queue of a pool is as its members' mailbox is, and a
// single_producer_mailbox would let only one actor send to the pool; give the actor another mailbox
#include <drover/drover.hpp>

struct worker {
#ifdef ACCEPTED
    using mailbox = drover::bounded_mailbox<8>;
#else
    using mailbox = drover::single_producer_mailbox<8>;
#endif
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    drover::spawn_pool<worker, drover::shared_queue>(rt, {.members = 2}).tell(1);
}
