// expect: drover: try_tell moves from its argument when it succeeds; pass a non-const object
#include <drover/drover.hpp>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int) {});
#ifdef ACCEPTED
    int message = 1;
#else
    const int message = 1;
#endif
    static_cast<void>(a.try_tell(message));
}
