#pragma once

#include <drover/drover.hpp>

#include <deque>
#include <memory>
#include <utility>

#include "support/wait.hpp"

namespace drover_test {

struct riddle {
    int number = 0;
};
struct solve {
    int with;
};
struct give_up {};

/// Answers a riddle when the test says so, the oldest first.
struct oracle {
    drover::later<int> operator()(riddle, drover::context& me) {
        open_.push_back(me.later<int>());
        return {};
    }
    void operator()(solve s) {
        open_.front().set(s.with);
        open_.pop_front();
    }
    void operator()(give_up) { open_.pop_front(); }

    std::deque<drover::promise<int>> open_{};
};

/// Counts what lives. Copies and moves count as new ones.
class counted {
public:
    explicit counted(int& alive) noexcept : alive_(&alive) { *alive_ += 1; }
    counted(const counted& other) noexcept : alive_(other.alive_) { *alive_ += 1; }
    counted& operator=(const counted&) noexcept = default;
    ~counted() { *alive_ -= 1; }

private:
    int* alive_;
};

/// Waits until the actor is held.
template <class Actor>
void await_held(const Actor& actor) {
    wait_until([&] { return actor.cell()->system.is_held(); });
}

inline bool exact(const drover::accounting& sums) {
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending;
}

}  // namespace drover_test
