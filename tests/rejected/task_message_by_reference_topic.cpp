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
    drover::topic<news> topic(rt);
    topic.subscribe(rt.spawn<reader>());
}
