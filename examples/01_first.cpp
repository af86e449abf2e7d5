// The first program: actors are plain classes and callables, and a handler's return type is its reply type.
#include <cstdio>

#include <drover/drover.hpp>

struct job {
    int n;
};
struct report {};

struct worker {  // any class: no base, no macro, no type id
    int operator()(job j) {
        done_ += 1;
        return j.n * j.n;
    }
    int operator()(report) const { return done_; }
    int done_ = 0;
};

int main() {
    drover::runtime rt;  // work stealing over the cores this process may use

    const drover::ref<worker> one = rt.spawn<worker>();
    one.tell(job{2});                          // goes on at once; nobody waits for the result
    const int nine = one.ask(job{3}).get();    // waits for it
    const int jobs = one.ask(report{}).get();  // messages of one sender arrive in order

    const auto twice = rt.spawn([](int x) { return 2 * x; });  // a callable is an actor
    const int eight = twice.ask(4).get();

    std::printf("%d squared in %d jobs, %d doubled\n", nine, jobs, eight);
    return nine == 9 && jobs == 2 && eight == 8 ? 0 : 1;
}
