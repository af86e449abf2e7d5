// expect: drover: a coroutine handler takes its message by value: what a reference refers to is gone when the handler
// goes on
#include <drover/drover.hpp>

#include <string>

struct slow {
#ifdef ACCEPTED
    drover::task<> operator()(std::string) { co_await drover::sleep_for(drover::clock_duration(1)); }
#else
    drover::task<> operator()(const std::string&) { co_await drover::sleep_for(drover::clock_duration(1)); }
#endif
};

int main() {
    drover::runtime rt;
    rt.spawn<slow>().tell(std::string("a message"));
}
