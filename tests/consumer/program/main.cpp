// The least that a user of the package writes. Its answer is checked by run.py.
#include <drover/drover.hpp>

#include <cstdio>

struct job {
    int n;
};

struct worker {
    int operator()(job j) { return j.n * j.n; }
};

int main() {
    drover::runtime rt({.threads = 2});
    drover::ref<worker> one = rt.spawn<worker>();
    std::printf("answer %d\n", one.ask(job{7}).get());
}
