// expect: drover: an outbox gathers 2 to 65536 messages a receiver, or 0 for none
#include <drover/batching/policies.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::outbox<2>::size) * 0;
#else
    return static_cast<int>(drover::outbox<1>::size) * 0;
#endif
}
