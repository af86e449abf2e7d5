// expect: drover: wrong number of ways: a set has 2, 4 or 8; direct_mapped_cache has one
#include <drover/routing.hpp>

int main() {
#ifdef ACCEPTED
    drover::set_associative_cache<1024, 4> cache;
#else
    drover::set_associative_cache<1024, 3> cache;
#endif
    return static_cast<int>(cache.capacity() % 2);
}
