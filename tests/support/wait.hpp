#pragma once

#include <thread>

namespace drover_test {

/// Waits for something another thread will do. Without a limit of its own: a test that waits in vain is ended by ctest.
template <class Condition>
void wait_until(Condition condition) {
    while (!condition()) {
        std::this_thread::yield();
    }
}

}  // namespace drover_test
