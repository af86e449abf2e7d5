// expect: drover: not a batching policy: `batching` names one_at_a_time, up_to<N>, linger<N, Microseconds> or a type
// like them
#include <drover/drover.hpp>

struct worker {
#ifdef ACCEPTED
    using batching = drover::up_to<8>;
#else
    using batching = int;
#endif
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
    rt.spawn<worker>().tell(1);
}
