// expect: drover: wrong factory: built_by takes a callable without arguments that returns the actor by value
#include <drover/drover.hpp>

struct worker {
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn<worker>(drover::supervised{}.built_by([] { return worker{}; }));
#else
    rt.spawn<worker>(drover::supervised{}.built_by([] { return 1; }));
#endif
}
