#include <drover/balancing/sticky_keys.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace drover;
using namespace std::chrono_literals;

namespace {

time_point at(clock_duration moment) {
    return time_point(moment);
}

constexpr auto nobody_gone = [](std::uint32_t) noexcept { return false; };

std::uint32_t seat_of(sticky_keys& keys, std::uint64_t key) {
    const auto found = keys.find(key);
    return found ? found->seat() : 0;
}

// One line, full of keys 0 to 7, at seats 1 to 8.
struct full_line {
    full_line() {
        keys.advance(at(0s));
        for (std::uint32_t key = 0; key != 8; ++key) {
            REQUIRE(keys.bind(key, key + 1, nobody_gone) == key + 1);
        }
    }
    void touch_all_but(std::uint64_t one) {
        for (std::uint64_t key = 0; key != 8; ++key) {
            if (key != one) sticky_keys::touch(keys.find(key).value());
        }
    }
    sticky_keys keys{8, 8s, 3};
};

}  // namespace

TEST_CASE("a key is bound once, and the next hear to what") {
    sticky_keys keys(1000, 1min, 1);
    CHECK_FALSE(keys.find(7));
    CHECK(keys.bind(7, 5, nobody_gone) == 5);
    CHECK(keys.bind(7, 6, nobody_gone) == 5);
    CHECK(seat_of(keys, 7) == 5);
    CHECK_FALSE(keys.find(8));
    CHECK(keys.bind(8, (1U << 20) - 1, nobody_gone) == (1U << 20) - 1);
    CHECK(seat_of(keys, 8) == (1U << 20) - 1);
    CHECK(seat_of(keys, 7) == 5);
    CHECK(keys.size() == 2);
}

TEST_CASE("a key is bound to another seat by the first who asks") {
    sticky_keys keys(8, 1min, 1);
    keys.bind(7, 5, nobody_gone);
    const auto found = keys.find(7).value();
    CHECK(sticky_keys::rebind(found, 9) == 9);
    CHECK(sticky_keys::rebind(found, 11) == 9);
    CHECK(seat_of(keys, 7) == 9);
    CHECK(keys.size() == 1);
}

TEST_CASE("what was found may have been touched since, or forgotten") {
    full_line line;
    line.keys.advance(at(1s));
    const auto found = line.keys.find(4).value();
    sticky_keys::touch(found);
    sticky_keys::touch(found);
    CHECK(seat_of(line.keys, 4) == 5);
    CHECK(sticky_keys::rebind(found, 12) == 12);
    line.keys.advance(at(20s));
    line.keys.advance(at(40s));
    CHECK(line.keys.size() == 0);
    CHECK(sticky_keys::rebind(found, 13) == 0);
    sticky_keys::touch(found);
    CHECK(line.keys.size() == 0);
}

TEST_CASE("where another key has taken the place, nothing is bound") {
    full_line line;
    line.keys.advance(at(1s));
    const auto found = line.keys.find(4).value();
    const auto five_gone = [](std::uint32_t seat) noexcept { return seat == 5; };
    REQUIRE(line.keys.bind(100, 5, five_gone) == 5);
    CHECK(sticky_keys::rebind(found, 12) == 0);
    sticky_keys::touch(found);
    CHECK(seat_of(line.keys, 100) == 5);
    CHECK_FALSE(line.keys.find(4));
}

TEST_CASE("a key that another thread has bound in a place already passed is not bound twice") {
    sticky_keys keys(8, 8us, 1);
    keys.advance(at(0s));
    keys.bind(1, 1, nobody_gone);
    bool met = false;
    const auto interrupted = [&](std::uint32_t) noexcept {
        if (!met) {
            met = true;  // what another thread does while this one has seen the first place taken
            keys.advance(at(100us));
            keys.advance(at(200us));
            keys.bind(7, 9, nobody_gone);
        }
        return false;
    };
    CHECK(keys.bind(7, 5, interrupted) == 9);
    CHECK(met);
    CHECK(keys.size() == 1);
    CHECK(seat_of(keys, 7) == 9);
}

TEST_CASE("a place that another key takes first is left to it") {
    sticky_keys keys(8, 1min, 1);
    keys.bind(1, 1, nobody_gone);
    bool met = false;
    const auto interrupted = [&](std::uint32_t) noexcept {
        // The place with the member that is gone is chosen, but bound to another by the time it is taken.
        if (!met) sticky_keys::rebind(keys.find(1).value(), 2);
        met = true;
        return true;
    };
    for (std::uint64_t key = 2; key != 9; ++key) {
        keys.bind(key, 3, nobody_gone);
    }
    CHECK(keys.bind(100, 5, interrupted) == 5);
    CHECK(keys.size() == 8);
}

TEST_CASE("a key that is not used expires, never early") {
    sticky_keys keys(8, 8s, 1);
    keys.advance(at(100s));
    keys.bind(7, 5, nobody_gone);
    for (int second = 1; second != 10; ++second) {
        keys.advance(at(100s + second * 1s));
        REQUIRE(seat_of(keys, 7) == 5);
    }
    keys.advance(at(110s - 1ns));
    CHECK(seat_of(keys, 7) == 5);
    keys.advance(at(110s));
    CHECK(seat_of(keys, 7) == 0);
    CHECK(keys.size() == 0);
}

TEST_CASE("a key that is used does not expire, however seldom time is told") {
    sticky_keys keys(8, 8s, 1);
    keys.advance(at(0s));
    keys.bind(7, 5, nobody_gone);
    for (int hour = 1; hour != 5; ++hour) {
        keys.advance(at(hour * 1h));
        REQUIRE(seat_of(keys, 7) == 5);
        sticky_keys::touch(keys.find(7).value());
    }
    keys.advance(at(4h + 9s));
    sticky_keys::touch(keys.find(7).value());
    keys.advance(at(4h + 10s));
    keys.advance(at(4h + 18s));
    keys.advance(at(3h));  // time does not go back
    CHECK(seat_of(keys, 7) == 5);
    keys.advance(at(1000h));
    CHECK(seat_of(keys, 7) == 0);
}

TEST_CASE("a use is not lost because the key grows older just then") {
    sticky_keys keys(8, 8s, 1);
    keys.advance(at(0s));
    keys.bind(7, 5, nobody_gone);
    keys.advance(at(1s));
    const auto found = keys.find(7).value();
    keys.advance(at(3s));
    sticky_keys::touch(found);
    keys.advance(at(4s));
    keys.advance(at(11s));  // 8 s since the use
    CHECK(seat_of(keys, 7) == 5);
    keys.advance(at(13s));
    CHECK(seat_of(keys, 7) == 0);
}

TEST_CASE("a new key is not kept where all places are in use") {
    full_line line;
    CHECK(line.keys.bind(100, 50, nobody_gone) == 0);
    CHECK(seat_of(line.keys, 100) == 0);
    line.keys.advance(at(1s));
    line.touch_all_but(99);
    CHECK(line.keys.bind(100, 50, nobody_gone) == 0);
    CHECK(line.keys.size() == 8);
}

TEST_CASE("the key that was not used for longest gives way") {
    full_line line;
    line.keys.advance(at(1s));
    line.touch_all_but(6);
    line.keys.advance(at(2s));
    line.touch_all_but(3);
    line.keys.advance(at(3s));
    line.touch_all_but(3);
    line.keys.advance(at(4s));
    CHECK(line.keys.bind(100, 50, nobody_gone) == 50);
    CHECK(seat_of(line.keys, 3) == 0);
    CHECK(seat_of(line.keys, 6) == 7);
    CHECK(line.keys.size() == 8);
}

TEST_CASE("a key whose member is gone gives way first, and an empty place before it") {
    full_line line;
    line.keys.advance(at(1s));
    const auto five_gone = [](std::uint32_t seat) noexcept { return seat == 5; };
    CHECK(line.keys.bind(100, 50, five_gone) == 50);
    CHECK(seat_of(line.keys, 4) == 0);
    CHECK(line.keys.size() == 8);

    sticky_keys keys(8, 1min, 1);
    keys.bind(4, 5, nobody_gone);
    CHECK(keys.bind(100, 50, five_gone) == 50);
    CHECK(seat_of(keys, 4) == 5);
}

TEST_CASE("few keys find their line full where there are four places for each") {
    sticky_keys keys(65'536, 1min, 17);
    int full = 0;
    for (std::uint64_t key = 0; key != 16'384; ++key) {
        full += keys.bind(key, 1, nobody_gone) == 0 ? 1 : 0;
    }
    CHECK(full <= 10);
    CHECK(keys.size() == 16'384U - static_cast<unsigned>(full));
    for (std::uint64_t key = 16'384; key != 32'768; ++key) {
        full += keys.bind(key, 1, nobody_gone) == 0 ? 1 : 0;
    }
    CHECK(full <= 400);
    CHECK(full > 100);
}

TEST_CASE("a key is in one place at most, while others bind and forget") {
    constexpr std::uint64_t few = 4;
    for (std::uint64_t round = 0; round != 200; ++round) {
        sticky_keys keys(8, 8us, round);
        keys.advance(at(0s));
        std::vector<std::thread> threads;
        for (std::uint32_t thread = 1; thread != 4; ++thread) {
            threads.emplace_back([&keys, thread] {
                for (std::uint64_t each = 0; each != 300; ++each) {
                    const std::uint64_t key = each * thread % few;
                    if (each % 4 == 0) {
                        if (const auto found = keys.find(key)) sticky_keys::rebind(*found, thread);
                    } else {
                        keys.bind(key, thread, [](std::uint32_t seat) noexcept { return seat == 3; });
                    }
                }
            });
        }
        for (int each = 1; each != 300; ++each) {
            keys.advance(at(each * 10us));
        }
        for (std::thread& each : threads) {
            each.join();
        }
        REQUIRE(keys.size() <= few);
        for (std::uint64_t key = 0; key != few; ++key) {
            REQUIRE(keys.bind(key, 9, nobody_gone) != 0);
        }
        REQUIRE(keys.size() == few);
    }
}

TEST_CASE("sticky keys refuse options that make no sense, in a sentence") {
    CHECK_THROWS_WITH(sticky_keys(0, 1min, 1), "drover: sticky's most_keys is 0; give it 1 to 16777216");
    CHECK_THROWS_WITH(sticky_keys(16'777'217, 1min, 1),
                      "drover: sticky's most_keys is 16777217; give it 1 to 16777216");
    CHECK_THROWS_WITH(sticky_keys(1, 999ns, 1), "drover: sticky's idle_for is 999 ns; give it a microsecond or more");
    CHECK_THROWS_AS(sticky_keys(1, -1s, 1), std::invalid_argument);
    sticky_keys least(1, 1us, 1);
    CHECK(least.bind(1, 1, nobody_gone) == 1);
}
