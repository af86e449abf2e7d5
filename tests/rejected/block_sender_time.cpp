// expect: drover: block_sender waits for a positive number of milliseconds
#include <drover/mailbox/overflow.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::block_sender<1>::patience.count()) * 0;
#else
    return static_cast<int>(drover::block_sender<0>::patience.count()) * 0;
#endif
}
