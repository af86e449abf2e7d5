// expect: drover: two mailboxes: the actor's type names one, so the spawn must not name another
#include <drover/drover.hpp>

struct worker {
#ifndef ACCEPTED
    using mailbox = drover::bounded_mailbox<8>;
#endif
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    rt.spawn<worker>(drover::spawn_in<drover::bounded_mailbox<8>>{}).tell(1);
}
