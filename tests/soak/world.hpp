// What all actors of the soak share: how many they are, where they are found, what they choose by.
#pragma once

#include <drover/drover.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "books.hpp"

namespace soak {

using namespace std::chrono_literals;
using drover::context;
using drover::directive;

inline constexpr std::size_t regions = 16;
inline constexpr std::size_t teams = 8;     // of a region
inline constexpr std::size_t members = 77;  // of a team
inline constexpr std::size_t seats = regions * teams * members;
inline constexpr std::size_t all_actors = regions + regions * teams + seats;
static_assert(all_actors == 10'000);

/// A mistake made on purpose, to see the verdict.
enum class mistake : std::uint8_t { none, count, message, memory, actor };

class member;

/// Where everybody is found.
class directory {
public:
    drover::ref<member> at(std::size_t seat) {
        const std::lock_guard lock(locks_[seat % locks_.size()]);
        return refs_[seat];
    }
    void put(std::size_t seat, drover::ref<member> who) {
        const std::lock_guard lock(locks_[seat % locks_.size()]);
        std::swap(refs_[seat], who);
    }

private:
    std::array<std::mutex, 64> locks_;
    std::vector<drover::ref<member>> refs_{seats};
};

struct world {
    std::uint64_t seed;
    mistake wrong = mistake::none;
    std::atomic<bool> calm{false};  ///< nobody begins anything new
    directory members{};
    std::array<std::atomic<std::uint32_t>, all_actors> lives{};  ///< how many states an actor's place has had

    /// The choices of one state: they follow from the seed, the place and the number of states there before.
    drover::random_source choices(std::size_t place) {
        drover::random_source of_place(seed ^ (std::uint64_t{place} << 32U) ^ lives[place].fetch_add(1));
        return drover::random_source(of_place.next());
    }
};

/// One chance in so many that a failure happens here, and then one of four things.
inline void maybe_fail(drover::random_source& random, std::uint32_t one_in) {
    if (random.below(one_in) == 0) {
        const std::uint32_t what = random.below(100);
        throw planned_failure{what < 50   ? directive::restart
                              : what < 75 ? directive::resume
                              : what < 97 ? directive::stop
                                          : directive::escalate};
    }
}

class counted_state {
public:
    counted_state() noexcept { the_books.add(entry::states_made); }
    counted_state(const counted_state&) = delete;
    counted_state& operator=(const counted_state&) = delete;
    ~counted_state() { the_books.add(entry::states_gone); }
};

template <class Ref, class Message>
void tell(const Ref& to, Message&& message) {
    the_books.add(entry::sent);
    static_cast<void>(to.tell(std::forward<Message>(message)));
}

}  // namespace soak
