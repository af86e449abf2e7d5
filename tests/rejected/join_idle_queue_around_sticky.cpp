// expect: drover: join_idle_queue around sticky would send a key away from its member whenever another is idle; write
// sticky<join_idle_queue<policy>>
#include <drover/balancing/join_idle_queue.hpp>
#include <drover/balancing/round_robin.hpp>
#include <drover/balancing/sticky.hpp>

int main() {
#ifdef ACCEPTED
    using policy = drover::sticky<drover::join_idle_queue<drover::round_robin>>;
#else
    using policy = drover::join_idle_queue<drover::sticky<drover::round_robin>>;
#endif
    return drover::includes(policy::needs, drover::signals::key) ? 0 : 1;
}
