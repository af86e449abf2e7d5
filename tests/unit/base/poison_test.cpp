#include <drover/base/poison.hpp>

#include <catch2/catch.hpp>

TEST_CASE("memory that was poisoned and unpoisoned is usable") {
    alignas(64) char memory[128] = {};
    drover::poison(memory, 64);
#ifdef DROVER_ADDRESS_SANITIZER
    CHECK(__asan_address_is_poisoned(memory) == 1);
    CHECK(__asan_address_is_poisoned(memory + 63) == 1);
    CHECK(__asan_address_is_poisoned(memory + 64) == 0);
#endif
    drover::unpoison(memory, 64);
    memory[0] = 1;
    memory[63] = 1;
    CHECK(memory[0] + memory[63] + memory[64] == 2);
}
