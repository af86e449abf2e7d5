// expect: drover: measured around a policy that measures latencies itself; leave measured out
#include <drover/balancing.hpp>

int main() {
#ifdef ACCEPTED
    using policy = drover::measured<drover::round_robin>;
#else
    using policy = drover::measured<drover::peak_ewma>;
#endif
    return drover::includes(policy::needs, drover::signals::latency) ? 0 : 1;
}
