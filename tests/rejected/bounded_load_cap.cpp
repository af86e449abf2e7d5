// expect: drover: a cap of loads is 101 to 1000 percent of what is due
#include <drover/balancing/bounded_load.hpp>
#include <drover/balancing/rendezvous.hpp>

int main() {
#ifdef ACCEPTED
    return drover::bounded_load<drover::rendezvous, 101>::rounds * 0;
#else
    return drover::bounded_load<drover::rendezvous, 100>::rounds * 0;
#endif
}
