// expect: drover: reply not movable: the handler's return type is moved to the asker, so it needs a move constructor
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
    const auto a = rt.spawn([](int) { return fixed{}; });
    a.tell(1);  // what a handler returns does not matter to a tell
    const auto reply = a.ask(1);
}
