// expect: drover: water marks are percentages, the low one below the high one
#include <drover/mailbox/bounded.hpp>

int main() {
#ifdef ACCEPTED
    return static_cast<int>(drover::water_marks<50, 49>::high_of(100)) * 0;
#else
    return static_cast<int>(drover::water_marks<50, 50>::high_of(100)) * 0;
#endif
}
