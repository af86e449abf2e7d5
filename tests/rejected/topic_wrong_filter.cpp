// expect: drover: wrong filter: it is a const callable of the topic's message that returns bool
#include <drover/drover.hpp>

#include <string>

struct reader {
    void operator()(const std::string&) {}
};

int main() {
    drover::runtime rt;
    const drover::topic<std::string> news(rt);
#ifdef ACCEPTED
    news.subscribe(rt.spawn<reader>(), [](const std::string& text) { return !text.empty(); });
#else
    news.subscribe(rt.spawn<reader>(), [](int length) { return length != 0; });
#endif
}
