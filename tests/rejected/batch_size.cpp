// expect: drover: a batch holds 1 to 65536 messages
#include <drover/batching/policies.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::up_to<1>::most) * 0;
#else
    return static_cast<int>(drover::up_to<0>::most) * 0;
#endif
}
