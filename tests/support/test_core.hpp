#pragma once

#include <drover/scheduling/core_record.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace drover_test {

/// A core record without a runtime around it: it writes down what its services are asked for. It lives on the stack of
/// the test, so the last release only counts.
class test_core final : public drover::core_record {
public:
    explicit test_core(drover::clock_source& clock = drover::steady_clock_source::instance())
        : core_record({this, &submit_to, &take_letter, &take_failure, &ring_nobody}, &destroy, clock, "test", 128,
                      std::chrono::microseconds(500)) {}

    std::vector<drover::runnable*> submitted;
    std::vector<std::string> letters;
    std::vector<std::string> failures;
    std::function<void()> in_sink;
    std::atomic<int> destroyed{0};

private:
    static test_core& of(void* self) noexcept { return *static_cast<test_core*>(self); }

    static void submit_to(void* self, drover::runnable* item) noexcept { of(self).submitted.push_back(item); }
    static void take_letter(void* self, const drover::dead_letter& letter) noexcept {
        of(self).letters.emplace_back(letter.message);
        if (of(self).in_sink) {
            of(self).in_sink();
        }
    }
    static void take_failure(void* self, const drover::failure& what) noexcept {
        of(self).failures.emplace_back(what.message);
        if (of(self).in_sink) {
            of(self).in_sink();
        }
    }
    static void ring_nobody(void*) noexcept {}
    static void destroy(core_record* self) noexcept { static_cast<test_core*>(self)->destroyed.fetch_add(1); }
};

}  // namespace drover_test
