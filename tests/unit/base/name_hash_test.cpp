#include <drover/base/name_hash.hpp>

#include <bitset>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using drover::hash_name;

TEST_CASE("names of every length hash differently, and by all their bytes") {
    std::set<std::uint64_t> seen;
    for (std::size_t length = 0; length <= 100; ++length) {
        const std::string plain(length, 'a');
        CHECK(seen.insert(hash_name(plain)).second);
        for (std::size_t at = 0; at != length; ++at) {
            std::string changed = plain;
            changed[at] = 'b';
            REQUIRE(seen.insert(hash_name(changed)).second);
        }
    }
    CHECK(hash_name("a", 1) != hash_name("a", 2));
    CHECK(hash_name("a") == hash_name(std::string("a")));
}

TEST_CASE("each bit of the hash of similar names is set in about half of them") {
    std::vector<int> set(64);
    constexpr int names = 4096;
    for (int each = 0; each != names; ++each) {
        const std::bitset<64> bits(hash_name("orders/eu/" + std::to_string(each)));
        for (std::size_t bit = 0; bit != 64; ++bit) {
            set[bit] += bits[bit] ? 1 : 0;
        }
    }
    for (const int each : set) {
        CHECK(each > names / 2 - 6 * 32);  // six standard deviations
        CHECK(each < names / 2 + 6 * 32);
    }
}
