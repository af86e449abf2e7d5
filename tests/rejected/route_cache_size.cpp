// expect: drover: wrong cache size: the number of entries is a power of two, such as 256 or 1024
#include <drover/routing.hpp>

int main() {
#ifdef ACCEPTED
    drover::direct_mapped_cache<1024> cache;
#else
    drover::direct_mapped_cache<1000> cache;
#endif
    return static_cast<int>(cache.capacity() % 2);
}
