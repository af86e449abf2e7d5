// expect: drover: the options of a part of health are given once
#include <drover/health.hpp>

int main() {
#ifdef ACCEPTED
    const drover::usual_health::options chosen{drover::slow_start::options{}, drover::outlier_detection::options{}};
#else
    const drover::usual_health::options chosen{drover::slow_start::options{}, drover::slow_start::options{}};
#endif
    return static_cast<int>(chosen.panic().below) * 0;
}
