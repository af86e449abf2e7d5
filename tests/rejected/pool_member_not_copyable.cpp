// expect: drover: not a member: a pool builds each of its members from copies of the arguments of spawn_pool, so they
// must be copyable and the actor's constructor must take them
#include <drover/drover.hpp>

#include <memory>

#ifdef ACCEPTED
using shared = std::shared_ptr<int>;
#else
using shared = std::unique_ptr<int>;
#endif

struct worker {
    explicit worker(shared given) : number(std::move(given)) {}
    shared number;
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    drover::spawn_pool<worker>(rt, {.members = 2}, shared(new int(1))).tell(1);
}
