// expect: drover: message not copyable: tee sends a copy, so the message needs a copy constructor
#include <drover/drover.hpp>

#include <memory>

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    using message = int;
#else
    using message = std::unique_ptr<int>;
#endif
    const auto a = rt.spawn([](message) {});
    rt.registry().tee("name", drover::recipient<message>(a));
}
