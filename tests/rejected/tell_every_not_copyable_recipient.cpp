// expect: drover: message not copyable: tell_every sends a copy each time, so its message needs a copy constructor
#include <drover/drover.hpp>

#include <chrono>
#include <memory>

struct worker {
    void operator()(std::unique_ptr<int>) {}
};

int main() {
    drover::runtime rt;
    const drover::recipient<std::unique_ptr<int>> to = rt.spawn<worker>();
#ifdef ACCEPTED
    to.tell_after(std::chrono::seconds(1), std::make_unique<int>(1));
#else
    to.tell_every(std::chrono::seconds(1), std::make_unique<int>(1));
#endif
}
