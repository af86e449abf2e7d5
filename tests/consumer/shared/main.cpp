// A program and a shared library, each compiled with drover's headers. Both must agree on who is a worker, on the lane
// of a thread, on the pool of envelopes and on the identity of types, or a wait inside a handler hangs, or memory of
// one is freed by the other.
#include <cstdio>

#include "library.hpp"

namespace {

int failures = 0;

void expect(bool good, const char* what) {
    std::printf("%s: %s\n", good ? "good" : "BAD", what);
    failures += good ? 0 : 1;
}

struct wait_there {  // waits in the library's code
    drover::ref<library_actor> other;
};
struct wait_here {  // waits in the program's code
    drover::ref<library_actor> other;
};

struct program_actor {
    int operator()(wait_there m) { return wait_in_library(m.other); }
    int operator()(wait_here m) {
        auto answer = m.other.ask(question{1}).result();
        if (answer) {
            return 0;
        }
        return answer.error().code == drover::ask_error::would_deadlock ? 1 : -1;
    }
};

void check(drover::runtime& rt, const char* whose) {
    std::printf("-- a runtime of the %s\n", whose);
    drover::ref<library_actor> theirs = spawn_in(rt);
    drover::ref<library_actor> same = rt.spawn<library_actor>();
    drover::ref<program_actor> ours = rt.spawn<program_actor>();

    expect(theirs.ask(question{21}).get() == 42, "the program asks an actor that the library spawned");
    expect(same.ask(question{4}).get() == 8, "the program spawns an actor of the library's type");
    expect(wait_in_library(theirs) == 0, "outside of handlers the library may wait");
    expect(ours.ask(wait_here{theirs}).get() == 1, "a wait in a handler is refused in the program's code");
    expect(ours.ask(wait_there{theirs}).get() == 1, "a wait in a handler is refused in the library's code");
    for (int i = 0; i < 10'000; ++i) {  // envelopes made in one and freed in the other
        if (tell_in_library(theirs) != drover::delivery::accepted ||
            theirs.tell(question{i}) != drover::delivery::accepted) {
            expect(false, "a message is accepted");
            break;
        }
    }
    expect(rt.drain(std::chrono::seconds(20)).complete, "everything is handled");
}

}  // namespace

int main() {
    {
        drover::runtime rt({.threads = 2, .name = "program"});
        check(rt, "program");
    }
    {
        std::unique_ptr<drover::runtime> rt = make_runtime();
        check(*rt, "library");
    }
    {
        // A handler of one runtime must not wait for an actor of another either.
        drover::runtime first({.threads = 1});
        std::unique_ptr<drover::runtime> second = make_runtime();
        drover::ref<library_actor> theirs = spawn_in(*second);
        drover::ref<program_actor> ours = first.spawn<program_actor>();
        expect(ours.ask(wait_there{theirs}).get() == 1, "a wait for another runtime's actor is refused");
    }
    std::printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
