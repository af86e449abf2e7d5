#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

#include <drover/health/health.hpp>

namespace drover_test {

/// The members of a pool without actors under a health policy, in virtual time. Ids from 1.
template <class H>
struct watched {
    explicit watched(const typename H::options& chosen = {}, std::uint64_t seed = 1)
        : options(chosen), monitor(options, seed) {}

    void add(std::uint64_t members, drover::joining when = drover::joining::at_start) {
        for (; members != 0; --members) {
            const std::uint64_t id = ++last_id;
            records.emplace(id, std::make_unique<typename H::record>(options));
            monitor.joined(id, records.at(id)->signals(), now, when);
        }
    }

    typename H::record& operator[](std::uint64_t id) { return *records.at(id); }
    const drover::standing& of(std::uint64_t id) const { return *monitor.standing_of(id); }
    drover::health_state state(std::uint64_t id) const { return of(id).state; }

    /// Whether any of them wakes who watches.
    bool succeed(std::uint64_t id, int messages = 1) {
        bool wake = false;
        for (; messages > 0; --messages) wake = records.at(id)->succeeded() || wake;
        return wake;
    }
    bool fail(std::uint64_t id, int messages = 1) {
        bool wake = false;
        for (; messages > 0; --messages) wake = records.at(id)->failed() || wake;
        return wake;
    }

    const drover::health_findings& sweep() { return monitor.sweep(now); }
    const drover::health_findings& sweep_after(drover::clock_duration time) {
        now += time;
        return sweep();
    }
    /// Sweeps whenever it is due, and at the end.
    const drover::health_findings& pass(drover::clock_duration time) {
        const drover::time_point end = now + time;
        while (sweep().next_due < end) now = std::max(now, sweep().next_due);
        now = end;
        return sweep();
    }

    std::uint64_t count(drover::health_state state) const {
        return static_cast<std::uint64_t>(std::count_if(records.begin(), records.end(), [&](const auto& each) {
            const drover::standing* found = monitor.standing_of(each.first);
            return found != nullptr && found->state == state;
        }));
    }

    typename H::options options;
    typename H::monitor monitor;
    std::map<std::uint64_t, std::unique_ptr<typename H::record>> records;
    drover::time_point now{};
    std::uint64_t last_id = 0;
};

}  // namespace drover_test
