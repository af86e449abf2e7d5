// expect: drover: not a route cache: the concept drover::route_cache says what one must have
#include <drover/drover.hpp>

struct no_route_cache {};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    drover::router<drover::no_cache> by(rt.registry());
#else
    drover::router<no_route_cache> by(rt.registry());
#endif
    return static_cast<int>(by.hits());
}
