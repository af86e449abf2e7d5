// expect: drover: the sender of a single-producer mailbox cannot take the oldest message out; use drop_newest
#include <drover/mailbox/single_producer.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>((drover::single_producer_mailbox<4, drover::drop_newest>::levels)) * 0;
#else
    return static_cast<int>((drover::single_producer_mailbox<4, drover::drop_oldest>::levels)) * 0;
#endif
}
