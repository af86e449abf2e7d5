// expect: drover: a batch handler is no coroutine: its span is gone when the handler goes on
#include <drover/drover.hpp>

#include <span>

struct item {
    int number;
};
struct collector {
    using batches = drover::of<item>;
#ifdef ACCEPTED
    void operator()(std::span<item>) {}
#else
    drover::task<> operator()(std::span<item>) { co_return; }
#endif
};

int main() {
    drover::runtime rt;
    rt.spawn<collector>().tell(item{1});
}
