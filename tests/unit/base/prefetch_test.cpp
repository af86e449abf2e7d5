#include <drover/base/prefetch.hpp>

#include <array>
#include <cstdint>

#include <catch2/catch.hpp>

TEST_CASE("a prefetch changes nothing and takes any address") {
    const std::array<int, 4> there{1, 2, 3, 4};
    drover::prefetch_to_read(there.data());
    drover::prefetch_to_write(there.data());
    drover::prefetch_to_read(nullptr);
    drover::prefetch_to_write(nullptr);
    drover::prefetch_to_write(reinterpret_cast<const void*>(std::uintptr_t{4096} * 3));
    CHECK(there == std::array<int, 4>{1, 2, 3, 4});
}
