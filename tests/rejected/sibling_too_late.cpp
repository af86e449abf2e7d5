// expect: drover: sibling<I> stands for a child declared before the one that is given it
#include <drover/drover.hpp>

struct first {
    void operator()(int) const {}
};
struct second {
    drover::ref<first> to;
    void operator()(int) const {}
};

int main() {
    using drover::child;
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn(drover::supervised{}, drover::children(child<first>(), child<second>({}, drover::sibling<0>)));
#else
    rt.spawn(drover::supervised{}, drover::children(child<first>(), child<second>({}, drover::sibling<1>)));
#endif
}
