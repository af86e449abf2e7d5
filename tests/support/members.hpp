#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <drover/balancing/policy.hpp>

namespace drover_test {

/// Members for a policy without actors: ids from 1, slots from 0, a load and a latency each.
class member_list {
public:
    member_list() = default;
    explicit member_list(const std::vector<double>& weights) {
        for (const double each : weights) {
            add(each);
        }
    }

    void add(std::optional<double> weight) {
        loads_.push_back(std::make_unique<drover::member_load>());
        latencies_.push_back(std::make_unique<drover::member_latency>());
        members_.push_back({.id = ++last_id_,
                            .weight = weight,
                            .load = loads_.back().get(),
                            .latency = latencies_.back().get(),
                            .slot = static_cast<std::uint32_t>(latencies_.size() - 1)});
    }
    void remove(std::size_t index) { members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index)); }
    void reverse() { std::reverse(members_.begin(), members_.end()); }

    drover::member_load& load(std::size_t index) { return *loads_[members_[index].id - 1]; }
    drover::member_latency& latency(std::size_t index) { return *latencies_[members_[index].id - 1]; }
    drover::member_info& operator[](std::size_t index) { return members_[index]; }
    std::size_t size() const { return members_.size(); }
    operator std::span<const drover::member_info>() const { return members_; }

private:
    std::vector<std::unique_ptr<drover::member_load>> loads_;
    std::vector<std::unique_ptr<drover::member_latency>> latencies_;
    std::vector<drover::member_info> members_;
    std::uint64_t last_id_ = 0;
};

/// A policy with its state, one table and one thread's part.
template <class P>
struct policy_under_test {
    explicit policy_under_test(std::span<const drover::member_info> members, typename P::options options = {},
                               std::uint64_t seed = 1)
        : state(options, seed), local(seed), table(std::move(P::build(members, state).value())) {}

    drover::member_index pick(std::uint64_t key = 0) { return P::pick(table, state, local, drover::pick_key{key}); }
    void rebuild(std::span<const drover::member_info> members) { table = std::move(P::build(members, state).value()); }

    /// How often each of `members` is picked in so many picks, with keys from 0.
    std::vector<std::uint64_t> counts(std::size_t members, std::size_t picks) {
        std::vector<std::uint64_t> found(members);
        for (std::size_t each = 0; each != picks; ++each) {
            found.at(pick(each)) += 1;
        }
        return found;
    }

    /// The same from several threads at once, `picks` each.
    std::vector<std::uint64_t> counts_of_threads(std::size_t members, std::size_t picks, std::size_t threads) {
        std::vector<std::vector<std::uint64_t>> found(threads, std::vector<std::uint64_t>(members));
        std::vector<std::thread> running;
        for (std::size_t which = 0; which != threads; ++which) {
            running.emplace_back([this, picks, which, &mine = found[which]] {
                typename P::local own(which);
                for (std::size_t each = 0; each != picks; ++each) {
                    mine.at(P::pick(table, state, own, drover::pick_key{each})) += 1;
                }
            });
        }
        std::vector<std::uint64_t> sum(members);
        for (std::size_t which = 0; which != threads; ++which) {
            running[which].join();
            for (std::size_t member = 0; member != members; ++member) {
                sum[member] += found[which][member];
            }
        }
        return sum;
    }

    typename P::state state;
    typename P::local local;
    typename P::table table;
};

/// Pearson's sum over members of (counted - due)^2 / due.
inline double chi_square(const std::vector<std::uint64_t>& counts, const std::vector<double>& weights) {
    double all = 0;
    double weight = 0;
    for (std::size_t each = 0; each != counts.size(); ++each) {
        all += static_cast<double>(counts[each]);
        weight += weights[each];
    }
    double sum = 0;
    for (std::size_t each = 0; each != counts.size(); ++each) {
        const double due = all * weights[each] / weight;
        const double off = static_cast<double>(counts[each]) - due;
        sum += off * off / due;
    }
    return sum;
}

}  // namespace drover_test
