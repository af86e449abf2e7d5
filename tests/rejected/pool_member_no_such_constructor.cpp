// expect: drover: not a member: a pool builds each of its members from copies of the arguments of spawn_pool, so they
// must be copyable and the actor's constructor must take them
#include <drover/drover.hpp>

#include <string>

struct worker {
    explicit worker(std::string given) : name(std::move(given)) {}
    std::string name;
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    drover::spawn_pool<worker>(rt, {.members = 2}, std::string("desk")).tell(1);
#else
    drover::spawn_pool<worker>(rt, {.members = 2}, 17).tell(1);
#endif
}
