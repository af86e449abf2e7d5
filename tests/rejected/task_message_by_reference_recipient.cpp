// expect: drover: a coroutine handler takes its message by value: what a reference refers to is gone when the handler
// goes on
#include <drover/drover.hpp>

struct news {};
struct reader {
#ifdef ACCEPTED
    drover::task<> operator()(news) { co_return; }
#else
    drover::task<> operator()(const news&) { co_return; }
#endif
};

int main() {
    drover::runtime rt;
    const drover::recipient<news> anybody = rt.spawn<reader>();
    anybody.tell(news{});
}
