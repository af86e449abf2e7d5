#include <drover/balancing/key_line.hpp>

#include <cstddef>
#include <cstdint>

#include <catch2/catch.hpp>

using drover::key_line;

namespace {

constexpr std::uint64_t key = 77;

std::uint64_t tentative_word(key_line::seat_type seat) {
    return key_line::new_word(key, seat) | key_line::tentative;
}

constexpr auto nobody_gone = [](std::uint32_t) noexcept { return false; };

std::size_t places_of(const key_line& line, std::uint64_t of) {
    std::size_t count = 0;
    for (const auto& each : line.words) {
        count += key_line::of_key(each.load(), of) ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("a tentative word that another thread has left is settled for it") {
    key_line line;
    REQUIRE(line.exchange(3, 0, tentative_word(5)));
    CHECK(line.bind(key, 6, nobody_gone) == 5);
    CHECK(line.words[3] == key_line::new_word(key, 5));
    CHECK(places_of(line, key) == 1);
    CHECK(line.settle(key, {3, tentative_word(5)}) == 0);  // the other comes too late, and looks once more
    CHECK(line.bind(key, 5, nobody_gone) == 5);
}

TEST_CASE("of two tentative words the one in the earlier place is settled, whoever settles first") {
    for (const bool earlier_first : {true, false}) {
        key_line line;
        REQUIRE(line.exchange(1, 0, tentative_word(5)));
        REQUIRE(line.exchange(4, 0, tentative_word(6)));
        if (earlier_first) {
            CHECK(line.settle(key, {1, tentative_word(5)}) == 5);
            CHECK(places_of(line, key) == 1);
            CHECK(line.settle(key, {4, tentative_word(6)}) == 5);
        } else {
            CHECK(line.settle(key, {4, tentative_word(6)}) == 5);
            CHECK(line.settle(key, {1, tentative_word(5)}) == 0);
        }
        CHECK(line.words[1] == key_line::new_word(key, 5));
        CHECK(places_of(line, key) == 1);
    }
}

TEST_CASE("a settled word is what counts, wherever it is") {
    for (const std::size_t place : {0U, 7U}) {
        key_line line;
        REQUIRE(line.exchange(place, 0, key_line::new_word(key, 5)));
        REQUIRE(line.exchange(3, 0, tentative_word(6)));
        CHECK(line.settle(key, {3, tentative_word(6)}) == 5);
        CHECK(line.words[3] == 0);
        CHECK(places_of(line, key) == 1);
    }
}

TEST_CASE("a word that was removed meanwhile is not settled") {
    key_line line;
    CHECK(line.settle(key, {2, tentative_word(6)}) == 0);
    CHECK(places_of(line, key) == 0);
}

TEST_CASE("keys that differ in 38 bits are different") {
    key_line line;
    CHECK(line.bind(1, 5, nobody_gone) == 5);
    CHECK(line.bind(1 | std::uint64_t{1} << 37, 6, nobody_gone) == 6);
    CHECK(line.bind(1 | std::uint64_t{1} << 38, 7, nobody_gone) == 5);
}

TEST_CASE("where others change the place each time, a key is not kept in the end") {
    key_line line;
    for (std::uint64_t each = 0; each != 8; ++each) {
        line.bind(100 + each, 1, nobody_gone);
    }
    int rounds = 0;
    const auto changed = [&](std::uint32_t) noexcept {
        rounds += 1;
        if (rounds % 8 == 1) line.words[0] ^= key_line::used;  // once in each round, after it was read
        return true;
    };
    CHECK(line.bind(key, 2, changed) == 0);
    CHECK(rounds == 64 * 8);
}

TEST_CASE("a tentative word grows old as others do") {
    key_line line;
    line.exchange(0, 0, tentative_word(6));
    key_line::grow_older(line.words[0], 9);
    CHECK(line.words[0] == (tentative_word(6) & ~key_line::used));
    key_line::grow_older(line.words[0], 8);
    CHECK(line.words[0] != 0);
    key_line::grow_older(line.words[0], 1);
    CHECK(line.words[0] == 0);
}
