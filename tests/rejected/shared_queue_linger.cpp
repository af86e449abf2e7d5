// expect: drover: nothing to linger for: members of a pool with a shared_queue take a message when they have nothing to
// do; let the actor's batching be up_to<N>, or choose another policy
#include <drover/drover.hpp>

#include <span>

struct worker {
    using batches = drover::of<int>;
#ifdef ACCEPTED
    using batching = drover::up_to<8>;
#else
    using batching = drover::linger<8, 100>;
#endif
    void operator()(std::span<int>) {}
};

int main() {
    drover::runtime rt;
    drover::spawn_pool<worker, drover::shared_queue>(rt, {.members = 2}).tell(1);
}
