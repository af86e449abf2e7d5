// expect: drover: a child that cannot be started again: child() keeps its arguments for every start of its parent
#include <drover/drover.hpp>

#include <memory>

struct keeper {
    std::shared_ptr<int> value;
    void operator()(int) const {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn(drover::supervised{}, drover::children(drover::child<keeper>({}, std::make_shared<int>(1))));
#else
    static_cast<void>(drover::child<keeper>({}, std::make_unique<int>(1)));
#endif
}
