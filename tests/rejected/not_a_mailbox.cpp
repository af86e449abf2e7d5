// expect: drover: not a mailbox: `mailbox` names a model of drover::mailbox_policy, such as bounded_mailbox<100>
#include <drover/drover.hpp>

struct worker {
#ifdef ACCEPTED
    using mailbox = drover::bounded_mailbox<100>;
#else
    using mailbox = drover::reject_newest;
#endif
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    rt.spawn<worker>().tell(1);
}
