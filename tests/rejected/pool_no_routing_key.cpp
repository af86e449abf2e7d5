// expect: drover: no routing key: the pool's policy picks by key, so declare routing_key(const M&) beside the message's
// type, or name the policy keyed_by<projection, policy>; a key is a number, an enum, a string or something with a
// std::hash
#include <drover/drover.hpp>

struct order {
    int account;
};
#ifdef ACCEPTED
int routing_key(const order& each) {
    return each.account;
}
#endif

struct worker {
    void operator()(order) {}
};

int main() {
    drover::runtime rt;
    drover::spawn_pool<worker, drover::consistent_hash<drover::maglev>>(rt, {.members = 2}).tell(order{1});
}
