// expect: drover: keyed_by around a policy that reads no key; leave keyed_by out
#include <drover/drover.hpp>

struct order {
    int account;
};

struct worker {
    void operator()(order) {}
};

#ifdef ACCEPTED
using policy = drover::keyed_by<&order::account, drover::consistent_hash<drover::maglev>>;
#else
using policy = drover::keyed_by<&order::account, drover::round_robin>;
#endif

int main() {
    drover::runtime rt;
    drover::spawn_pool<worker, policy>(rt, {.members = 2}).tell(order{1});
}
