// A race between actors, found by trying schedules, and shown again from its seed.
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

using namespace std::chrono_literals;

struct seats_left {};
struct take_seats {
    int left;
};
struct book {};

struct hall {
    int operator()(seats_left) const { return left; }
    void operator()(take_seats t) { left = t.left; }
    int left = 10;
};

// Looks first and takes then: who comes in between is overwritten.
struct counter {
    void operator()(book) {
        where.ask(seats_left{}, 1s).then([to = where](drover::expected<int, drover::ask_error> left) {
            if (left) {
                to.tell(take_seats{*left - 1});
            }
        });
    }
    drover::ref<hall> where;
};

void two_bookings(drover::simulated_runtime& rt) {
    const auto where = rt.spawn<hall>();
    rt.spawn<counter>(where).tell(book{});
    rt.spawn<counter>(where).tell_after(5s, book{});  // long after: harmless
    rt.spawn<counter>(where).tell_after(5s, book{});
    rt.advance(1min);
    if (where.ask(seats_left{}).get() != 7) {
        throw std::runtime_error("a seat was sold twice");
    }
}

int main() {
    std::uint64_t seed = 0;
    try {
        drover::explore(1000, two_bookings);
    } catch (const drover::exploration_failed& found) {
        std::printf("%s\n", found.what());
        seed = found.seed();
    }
    if (seed == 0) {
        return 1;
    }
    try {
        drover::simulated_runtime again(seed);
        two_bookings(again);
    } catch (const std::runtime_error& same) {
        std::printf("and again: %s\n", same.what());
        return 0;
    }
    return 1;
}
