// expect: drover: a coroutine handler's message is not delivered again: what it has done before it was suspended would
// be done twice; leave `redeliver` out of the actor's supervision
#include <drover/drover.hpp>

struct job {
    int number;
};
struct worker {
#ifdef ACCEPTED
    static constexpr drover::supervision supervision{};
#else
    static constexpr drover::supervision supervision{.redeliver = 3};
#endif
    drover::task<int> operator()(job j) { co_return j.number; }
};

int main() {
    drover::runtime rt;
    rt.spawn<worker>().tell(job{1});
}
