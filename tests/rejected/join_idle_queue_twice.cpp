// expect: drover: join_idle_queue's fallback is for when nobody is idle; give it a policy that does not look for idle
// members
#include <drover/balancing/join_idle_queue.hpp>

int main() {
#ifdef ACCEPTED
    using fallback = drover::power_of_two_choices;
#else
    using fallback = drover::join_idle_queue<>;
#endif
    return drover::includes(drover::join_idle_queue<fallback>::needs, drover::signals::idle) ? 0 : 1;
}
