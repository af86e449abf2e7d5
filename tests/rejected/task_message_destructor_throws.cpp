// expect: drover: the destructor of a coroutine handler's message must not throw
#include <drover/drover.hpp>

#include <stdexcept>

struct parcel {
    int number = 0;
#ifndef ACCEPTED
    ~parcel() noexcept(false) {
        if (number < 0) {
            throw std::runtime_error("negative");
        }
    }
#endif
};

struct reader {
    drover::task<int> operator()(parcel p) { co_return p.number; }
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<reader>();
    a.tell(parcel{});
}
