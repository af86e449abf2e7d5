// expect: drover: a part of health is named once
#include <drover/health.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::health<drover::slow_start, drover::outlier_detection>::needs) * 0;
#else
    return static_cast<int>(drover::health<drover::slow_start, drover::slow_start>::needs) * 0;
#endif
}
