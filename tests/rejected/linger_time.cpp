// expect: drover: a lingering actor waits for a positive number of microseconds
#include <drover/batching/policies.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::linger<2, 1>::most) * 0;
#else
    return static_cast<int>(drover::linger<2, 0>::most) * 0;
#endif
}
