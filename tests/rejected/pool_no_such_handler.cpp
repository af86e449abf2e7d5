// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

struct order {
    int account;
};

struct worker {
    void operator()(order) {}
};

int main() {
    drover::runtime rt;
    const auto pool = drover::spawn_pool<worker>(rt, {.members = 2});
#ifdef ACCEPTED
    pool.broadcast(order{1});
#else
    pool.broadcast("no handler takes this");
#endif
}
