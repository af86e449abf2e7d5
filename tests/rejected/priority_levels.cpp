// expect: drover: a priority mailbox has 2 to 16 levels
#include <drover/mailbox/priority.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::priority_mailbox<16>::levels) * 0;
#else
    return static_cast<int>(drover::priority_mailbox<17>::levels) * 0;
#endif
}
