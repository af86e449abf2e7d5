// Asks whose reply, timeout, patience and end race each other.
#include <drover/drover.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/turning.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::context;
using drover_test::scaled;
using drover_test::turning;
using drover_test::world;

namespace {

using text_outcome = drover::expected<std::string, ask_error>;

std::string long_text(int n) {
    return std::string(50, static_cast<char>('a' + n % 26));
}

}  // namespace

TEST_CASE("timeouts race replies: one of them, and late replies are counted") {
    world w(2);
    std::atomic<std::uint64_t> replies{0};
    std::atomic<std::uint64_t> timeouts{0};
    std::atomic<bool> fine{true};
    const int rounds = static_cast<int>(scaled(4000));
    {
        const turning time(w.clock);
        const auto a = w.rt.spawn([](int n) { return long_text(n); });
        std::vector<std::thread> askers;
        for (int each = 0; each != 2; ++each) {
            askers.emplace_back([&] {
                for (int n = 0; n != rounds; ++n) {
                    const auto outcome = a.ask(n, std::chrono::milliseconds(1 + n % 4)).result();
                    if (outcome) {
                        replies += 1;
                        fine = fine && outcome.value() == long_text(n);
                    } else {
                        timeouts += 1;
                        fine = fine && outcome.error().code == ask_error::timeout;
                    }
                }
            });
        }
        for (auto& each : askers) {
            each.join();
        }
        CHECK(w.rt.drain(24h).complete);
    }
    CHECK(fine);
    CHECK(replies + timeouts == 2U * static_cast<unsigned>(rounds));
    CHECK(w.rt.statistics().late_replies == timeouts);
    CHECK(w.rt.statistics().handled == replies + timeouts);
}

TEST_CASE("patience races replies, and the answer comes in the end") {
    world w(2);
    const turning time(w.clock);
    const auto a = w.rt.spawn([](int n) { return long_text(n); });
    std::atomic<bool> fine{true};
    std::vector<std::thread> askers;
    for (int each = 0; each != 2; ++each) {
        askers.emplace_back([&] {
            for (int n = 0; n != static_cast<int>(scaled(3000)); ++n) {
                auto asked = a.ask(n);
                for (;;) {
                    const auto outcome = asked.get_for(std::chrono::milliseconds(n % 3));
                    if (outcome) {
                        fine = fine && outcome.value() == long_text(n);
                        break;
                    }
                    fine = fine && outcome.error().code == ask_error::timeout;
                }
            }
        });
    }
    for (auto& each : askers) {
        each.join();
    }
    CHECK(fine);
}

TEST_CASE("continuations run or are destroyed, whoever stops first") {
    const std::size_t before = drover_test::blocks_in_use();
    const auto alive = std::make_shared<int>(0);
    for (std::size_t round = 0; round != scaled(300); ++round) {
        world w(2);
        const turning time(w.clock);
        const auto target = w.rt.spawn([](int n) { return long_text(n); });
        const auto asker = w.rt.spawn([target, alive](int n) {
            for (int each = 0; each != 4; ++each) {
                target.ask(n).then([kept = alive](const text_outcome&) {});
                target.ask(n, std::chrono::milliseconds(each)).then([kept = alive](const text_outcome&) {});
            }
        });
        for (int each = 0; each != 5; ++each) {
            asker.tell(each);
        }
        std::thread first([&] { asker.stop(); });
        if (round % 2 == 0) {
            target.stop();
        } else {
            w.rt.stop();
        }
        first.join();
    }
    CHECK(alive.use_count() == 1);
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("promises are set, failed and dropped by other threads while actors and runtimes end") {
    for (std::size_t round = 0; round != scaled(200); ++round) {
        std::vector<std::thread> threads;
        std::atomic<int> answered{0};
        {
            world w(2);
            struct giving {
                std::mutex* mutex;
                std::vector<drover::promise<std::string>>* to;
                drover::later<std::string> operator()(int, context& c) {
                    const std::lock_guard lock(*mutex);
                    to->push_back(c.later<std::string>());
                    return {};
                }
            };
            std::mutex mutex;
            std::vector<drover::promise<std::string>> promises;
            const auto a = w.rt.spawn<giving>(&mutex, &promises);
            for (int each = 0; each != 3; ++each) {
                threads.emplace_back([&answered, asked = a.ask(each)]() mutable {
                    static_cast<void>(asked.result());
                    answered += 1;
                });
            }
            w.settle();
            for (std::size_t each = 0; each != 3; ++each) {
                threads.emplace_back([mine = std::move(promises[each]), each]() mutable {
                    switch (each) {
                        case 0: mine.set(long_text(1)); break;
                        case 1: mine.fail(std::make_exception_ptr(std::runtime_error("failed"))); break;
                        default: break;
                    }
                });
            }
        }
        for (auto& each : threads) {
            each.join();
        }
        CHECK(answered == 3);
    }
}

TEST_CASE("other threads and actors answer what coroutines wait for, while their actors stop and are forgotten") {
    const std::size_t before = drover_test::blocks_in_use();
    struct giving {
        std::mutex* mutex;
        std::vector<drover::promise<std::string>>* to;
        drover::later<std::string> operator()(int, context& c) {
            const std::lock_guard lock(*mutex);
            to->push_back(c.later<std::string>());
            return {};
        }
    };
    struct waiting {
        drover::ref<giving> slow;
        drover::ref<giving> kept;
        drover::task<> operator()(int n) {
            static_cast<void>(co_await slow.ask(n).as_result());
            static_cast<void>(co_await kept.ask(n, 1ms).as_result());
        }
    };
    for (std::size_t round = 0; round != scaled(300); ++round) {
        std::mutex mutex;
        std::mutex other_mutex;
        std::vector<drover::promise<std::string>> slow;
        std::vector<drover::promise<std::string>> kept;
        world w(2);
        const auto first = w.rt.spawn<giving>(&mutex, &slow);
        const auto second = w.rt.spawn<giving>(&other_mutex, &kept);
        constexpr std::size_t count = 8;
        std::vector<drover::ref<waiting>> askers;
        for (std::size_t each = 0; each != count; ++each) {
            askers.push_back(w.rt.spawn<waiting>(first, second));
            askers.back().tell(static_cast<int>(each));
        }
        drover_test::wait_until([&] {
            const std::lock_guard lock(mutex);
            return slow.size() == count;
        });
        const turning time(w.clock);
        // Half of the promises are a thread's to set, half an actor's.
        const auto setter = w.rt.spawn([](drover::promise<std::string>&& mine) { mine.set(long_text(1)); });
        std::thread answering([&] {
            for (std::size_t each = 0; each != count; ++each) {
                if (each % 2 == 0) {
                    slow[each].set(long_text(2));
                } else {
                    setter.tell(std::move(slow[each]));
                }
            }
        });
        std::thread stopping([&] {
            for (auto& each : askers) {
                each.stop();
                each = {};
            }
        });
        answering.join();
        stopping.join();
        if (round % 2 == 0) {
            w.rt.stop();
        }
    }
    CHECK(drover_test::blocks_in_use() == before);
}
