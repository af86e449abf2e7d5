// expect: drover: a lingering actor waits for 2 to 65536 messages
#include <drover/batching/policies.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::linger<2, 10>::most) * 0;
#else
    return static_cast<int>(drover::linger<1, 10>::most) * 0;
#endif
}
