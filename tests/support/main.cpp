// Catch2's main, compiled once for all test programs. It cannot use the precompiled header: the header's guard would
// hide the implementation from it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
