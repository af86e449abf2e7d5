#pragma once

#include <drover/base/clock.hpp>

#include <atomic>
#include <chrono>
#include <thread>

namespace drover_test {

/// Turns a clock all the time, a millisecond a step, until it goes.
class turning {
public:
    explicit turning(drover::manual_clock& clock)
        : thread_([this, &clock] {
              while (!done_) {
                  clock.advance(std::chrono::milliseconds(1));
                  std::this_thread::yield();
              }
          }) {}
    turning(const turning&) = delete;
    turning& operator=(const turning&) = delete;
    ~turning() {
        done_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

}  // namespace drover_test
