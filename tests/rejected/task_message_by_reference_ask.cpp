// expect: drover: a coroutine handler takes its message by value: what a reference refers to is gone when the handler
// goes on
#include <drover/drover.hpp>

#include <string>

struct slow {
#ifdef ACCEPTED
    drover::task<int> operator()(std::string, drover::context&) {
        co_await drover::sleep_for(drover::clock_duration(1));
        co_return 1;
    }
#else
    drover::task<int> operator()(std::string&&, drover::context&) {
        co_await drover::sleep_for(drover::clock_duration(1));
        co_return 1;
    }
#endif
};

int main() {
    drover::runtime rt;
    return rt.spawn<slow>().ask(std::string("a message")).get();
}
