// Tells from many threads and actors to many actors: nothing lost, nothing twice, in order between each two.
#include <drover/drover.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover_test::scaled;
using drover_test::world;

namespace {

struct numbered {
    std::size_t sender;
    std::uint64_t number;
    std::array<std::uint64_t, 4> check;
};

constexpr numbered make(std::size_t sender, std::uint64_t number) {
    return {sender, number, {number, number + 1, number + 2, number + 3}};
}

// Checks order and content of what each sender sends it.
struct receiver {
    explicit receiver(std::size_t senders, std::atomic<bool>& fine) : next_(senders, 0), fine_(&fine) {}

    void operator()(const numbered& m) {
        if (inside_) {
            *fine_ = false;
        }
        inside_ = true;
        if (m.number != next_[m.sender] || m.check[3] != m.number + 3) {
            *fine_ = false;
        }
        next_[m.sender] += 1;
        inside_ = false;
    }
    std::uint64_t operator()(int) {
        std::uint64_t sum = 0;
        for (const std::uint64_t each : next_) {
            sum += each;
        }
        return sum;
    }

private:
    std::vector<std::uint64_t> next_;
    std::atomic<bool>* fine_;
    bool inside_ = false;
};

}  // namespace

TEST_CASE("threads tell actors, one by one, as batches and by try_tell, in order") {
    constexpr std::size_t senders = 4;
    constexpr std::size_t receivers = 7;
    const std::uint64_t rounds = scaled(20000);
    std::atomic<bool> fine{true};
    world w(2);
    std::vector<drover::ref<receiver>> all;
    for (std::size_t each = 0; each != receivers; ++each) {
        all.push_back(w.rt.spawn<receiver>(senders, fine));
    }
    std::vector<std::thread> threads;
    for (std::size_t me = 0; me != senders; ++me) {
        threads.emplace_back([&, me] {
            std::uint64_t number = 0;
            while (number < rounds) {
                const std::uint64_t kind = number % 5;
                std::uint64_t sent = 1;
                for (const auto& to : all) {
                    sent = 1;
                    if (kind == 0) {
                        to.tell_batch(
                            std::vector<numbered>{make(me, number), make(me, number + 1), make(me, number + 2)});
                        sent = 3;
                    } else if (kind == 1) {
                        numbered m = make(me, number);
                        fine = fine && to.try_tell(m) == drover::delivery::accepted;
                    } else {
                        to.tell(make(me, number));
                    }
                }
                number += sent;
            }
            for (const auto& to : all) {
                for (std::uint64_t rest = number; rest != rounds + 3; ++rest) {
                    to.tell(make(me, rest));
                }
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    std::uint64_t sum = 0;
    for (const auto& each : all) {
        sum += each.ask(0).get();
    }
    CHECK(sum == senders * receivers * (rounds + 3));
    CHECK(fine);
    CHECK(w.finish());
    const auto accounts = w.rt.statistics();
    CHECK(accounts.handled == accounts.offered);
    CHECK(accounts.offered == sum + receivers);
}

TEST_CASE("actors tell actors, each all others, in order") {
    constexpr std::size_t actors = 12;
    const std::uint64_t rounds = scaled(3000);
    std::atomic<bool> fine{true};
    world w(3);
    std::vector<drover::ref<receiver>> all;
    for (std::size_t each = 0; each != actors; ++each) {
        all.push_back(w.rt.spawn<receiver>(actors, fine));
    }
    struct sender {
        const std::vector<drover::ref<receiver>>* to;
        std::size_t me;
        std::uint64_t rounds;
        std::uint64_t number = 0;
        void operator()(int n, drover::context& c) {
            for (const auto& each : *to) {
                each.tell(make(me, number));
            }
            number += 1;
            if (number != rounds) {
                c.self<sender>().tell(n);
            }
        }
    };
    for (std::size_t each = 0; each != actors; ++each) {
        w.rt.spawn<sender>(&all, each, rounds).tell(1);
    }
    CHECK(w.finish());
    CHECK(fine);
    const auto accounts = w.rt.statistics();
    CHECK(accounts.handled == actors * actors * rounds + actors * rounds);
    CHECK(accounts.pending == 0);
}

TEST_CASE("a ring of actors hands one token round, and many at once") {
    const int rounds = static_cast<int>(scaled(20000));
    world w(2);
    struct link {
        drover::ref<link> next{};
        void operator()(const drover::ref<link>& to) { next = to; }
        void operator()(int n) {
            if (n != 0) {
                next.tell(n - 1);
            }
        }
    };
    std::vector<drover::ref<link>> ring;
    for (int each = 0; each != 50; ++each) {
        ring.push_back(w.rt.spawn<link>());
    }
    for (std::size_t each = 0; each != ring.size(); ++each) {
        ring[each].tell(ring[(each + 1) % ring.size()]);
    }
    for (int each = 0; each != 5; ++each) {
        ring[static_cast<std::size_t>(each) * 10].tell(rounds);
    }
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 50 + 5U * (static_cast<unsigned>(rounds) + 1));
    w.rt.stop();  // the refs of the ring go in circles; the states that hold them are destroyed here
}
