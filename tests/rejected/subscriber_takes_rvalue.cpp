// expect: drover: no shared handler: a topic's subscribers share each message, so their handler must take it by const
// reference or by value
#include <drover/drover.hpp>

#include <string>

struct reader {
#ifdef ACCEPTED
    void operator()(const std::string&) {}
#else
    void operator()(std::string&&) {}
#endif
};

int main() {
    drover::runtime rt;
    const drover::topic<std::string> news(rt);
    news.subscribe(rt.spawn<reader>());
}
