// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

struct sorter {
    void operator()(int n, drover::context& me) {
#ifdef ACCEPTED
        later_.put(n, me);
#else
        later_.put(std::to_string(n), me);
#endif
    }
    drover::stash<sorter, 4> later_{};
};

int main() {
    drover::runtime rt;
    rt.spawn<sorter>().tell(1);
}
