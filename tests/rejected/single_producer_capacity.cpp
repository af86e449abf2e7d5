// expect: drover: a single-producer mailbox holds 1 message or more
#include <drover/mailbox/single_producer.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::single_producer_mailbox<1>::levels) * 0;
#else
    return static_cast<int>(drover::single_producer_mailbox<0>::levels) * 0;
#endif
}
