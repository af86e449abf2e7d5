// expect: drover: message not movable: a message is moved into the mailbox, so its type needs a move constructor
#include <drover/drover.hpp>

struct fixed {
    fixed() = default;
#ifndef ACCEPTED
    fixed(const fixed&) = delete;
    fixed& operator=(const fixed&) = delete;
#endif
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](const fixed&) {});
    a.tell(fixed{});
}
