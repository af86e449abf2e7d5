// expect: drover: sticky around sticky would keep each key twice; write sticky<policy> once
#include <drover/balancing/round_robin.hpp>
#include <drover/balancing/sticky.hpp>

int main() {
#ifdef ACCEPTED
    using policy = drover::sticky<drover::round_robin>;
#else
    using policy = drover::sticky<drover::sticky<drover::round_robin>>;
#endif
    return drover::includes(policy::needs, drover::signals::key) ? 0 : 1;
}
