// expect: drover: the bypass bound of a priority mailbox is 1 or more
#include <drover/mailbox/priority.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>((drover::priority_mailbox<2, 1>::levels)) * 0;
#else
    return static_cast<int>((drover::priority_mailbox<2, 0>::levels)) * 0;
#endif
}
