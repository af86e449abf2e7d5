// What must be true when nothing is under way, and of the memory over the whole run.
#pragma once

#include <drover/drover.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include "books.hpp"
#include "world.hpp"

namespace soak {

inline std::size_t count(const std::vector<drover::actor_tree>& trees) {
    std::size_t sum = trees.size();
    for (const drover::actor_tree& each : trees) {
        sum += count(each.children);
    }
    return sum;
}

/// Who is neither alive nor gone, and below whom.
inline void name_unsettled(std::vector<std::string>& wrong, const std::vector<drover::actor_tree>& trees,
                           const std::string& above = "") {
    for (const drover::actor_tree& each : trees) {
        const std::string name = above + each.name + " #" + std::to_string(drover::to_integer(each.id));
        if (each.condition != drover::actor_condition::alive && wrong.size() < 12) {
            wrong.push_back(name + " is " + std::string(to_string(each.condition)) + " with " +
                            std::to_string(each.children.size()) + " children");
        }
        name_unsettled(wrong, each.children, name + ", ");
    }
}

/// Says what two sums are if they are not the same.
inline void expect_same(std::vector<std::string>& wrong, const std::string& what, std::uint64_t got,
                        std::uint64_t wanted) {
    if (got != wanted) {
        wrong.push_back(what + ": " + std::to_string(got) + " in place of " + std::to_string(wanted));
    }
}

/// The runtime's account and the program's, one beside the other. Empty if they agree and nothing is under way.
inline std::vector<std::string> compare_accounts(const drover::runtime& rt) {
    const drover::accounting sums = rt.statistics();
    const auto own = [](entry which) { return the_books.sum(which); };
    std::vector<std::string> wrong;
    expect_same(wrong, "messages pending", sums.pending, 0);
    expect_same(wrong, "offered messages with an end", sums.handled + sums.dead() + sums.returned, sums.offered);
    expect_same(wrong, "offered", sums.offered, own(entry::sent) + own(entry::timed_handled) + own(entry::timed_dead));
    expect_same(wrong, "handled", sums.handled, own(entry::handled));
    expect_same(wrong, "dead letters", sums.dead(), own(entry::dead));
    expect_same(wrong, "dead letters whose handler threw", sums.dead(drover::dead_letter_reason::failed),
                own(entry::dead_failed));
    expect_same(wrong, "returned", sums.returned, 0);
    expect_same(wrong, "outcomes of blocking asks", own(entry::outcomes), own(entry::asks_blocking));
    expect_same(wrong, "exceptions that nobody throws here", own(entry::unplanned), 0);
    return wrong;
}

/// As above, and whether the actors are those that there must be.
inline std::vector<std::string> find_wrong(const drover::runtime& rt) {
    std::vector<std::string> wrong = compare_accounts(rt);
    const std::uint64_t gone = the_books.sum(entry::tokens_gone);
    expect_same(wrong, "messages and continuations without an end", the_books.sum(entry::tokens_made) - gone, 0);
    const std::uint64_t ended = the_books.sum(entry::states_gone);
    expect_same(wrong, "states", the_books.sum(entry::states_made) - ended, all_actors);
    if (wrong.empty()) {  // a look at the tree holds the workers
        expect_same(wrong, "actors in the tree", count(rt.tree()), all_actors);
    }
    return wrong;
}

/// Blocks of the pool that are not in the depots: in use, or in some thread's magazine.
inline std::size_t blocks_in_use() {
    std::size_t sum = 0;
    for (std::uint8_t each = 0; each != drover::block_pool::classes; ++each) {
        sum += drover::block_pool::outstanding(each);
    }
    return sum;
}

/// Memory at one quiet moment.
struct sample {
    std::uint64_t resident = 0;  ///< bytes in RAM
    std::uint64_t heap = 0;      ///< bytes that malloc has given out
    std::uint64_t blocks = 0;    ///< of drover's pool
};

inline sample take_sample() {
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    const auto heap = ::mallinfo2();
    return {resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), heap.uordblks + heap.hblkhd,
            blocks_in_use()};
}

/// Empty if it is flat: after a warm-up, the first quarter, the median of the last third is not above that of the first
/// third by more than `percent` and `slack`, which is for what comes and goes at random.
inline std::string grows(const std::string& what, std::vector<std::uint64_t> samples, std::uint64_t percent,
                         std::uint64_t slack) {
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 4));
    const std::size_t third = samples.size() / 3;
    if (third == 0) {
        return what + ": too few samples to say whether it grows";
    }
    const auto median = [&](std::size_t from) {
        const auto first = samples.begin() + static_cast<std::ptrdiff_t>(from);
        std::vector<std::uint64_t> part(first, first + static_cast<std::ptrdiff_t>(third));
        std::sort(part.begin(), part.end());
        return part[third / 2];
    };
    const std::uint64_t early = median(0);
    const std::uint64_t late = median(samples.size() - third);
    if (late <= early + early * percent / 100 + slack) {
        return {};
    }
    return what + " grows: " + std::to_string(early) + " in the first third, " + std::to_string(late) +
           " in the last, more than " + std::to_string(percent) + " % and " + std::to_string(slack) + " above";
}

inline std::vector<std::string> find_growth(const std::vector<sample>& samples) {
    const auto all = [&](std::uint64_t sample::* which) {
        std::vector<std::uint64_t> values;
        for (const sample& each : samples) {
            values.push_back(each.*which);
        }
        return values;
    };
    std::vector<std::string> wrong;
    for (std::string each : {grows("resident memory", all(&sample::resident), 5, 1U << 20U),
                             grows("memory of malloc", all(&sample::heap), 5, 1U << 18U),
                             grows("blocks of the pool", all(&sample::blocks), 5, 2000)}) {
        if (!each.empty()) {
            wrong.push_back("memory: " + std::move(each));
        }
    }
    return wrong;
}

}  // namespace soak
