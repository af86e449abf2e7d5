#include <drover/drover.hpp>

char careless(long value) {
    int unused;
    {
        long value = 3;
        return value;
    }
}
