// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/mailbox/tagged_list.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

using mailbox = drover::tagged_list;

// A mailbox between two cache lines, as in a cell, and nodes that are used in turn: the one handled last stays in the
// list until the next has been taken.
struct world {
    alignas(64) mailbox::producer_side incoming;
    alignas(64) mailbox::consumer_side consumed;
    struct alignas(64) letter : drover::message_node {};
    std::array<letter, 8> letters;
    std::uint64_t retired = 0;

    drover::message_node* fresh(std::uint64_t number) {
        drover::message_node* const next = &letters[number % letters.size()];
        next->next.store(nullptr, std::memory_order_relaxed);
        return next;
    }
    drover::push_result push(drover::message_node* one) { return mailbox::push_chain(incoming, one, one); }
    drover::message_node* pop() {
        return mailbox::pop(incoming, consumed, [this](drover::message_node*) noexcept { retired += 1; });
    }
    bool mark_idle() {
        return mailbox::try_mark_idle(incoming, consumed, [this](drover::message_node*) noexcept { retired += 1; });
    }
};

/// One thread pushes a message and pops it, `operations` times; the receiver never goes idle. One locked instruction
/// each. Figure: ns for both.
outcome push_pop(std::uint64_t operations) {
    world one;
    mailbox::start_scheduled(one.incoming, one.consumed);
    std::uint64_t right = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        drover::message_node* const sent = one.fresh(i);
        bool const queued = one.push(sent) == drover::push_result::queued;
        right += queued && one.pop() == sent ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of messages popped", right, operations)};
}

/// As above, but the receiver goes idle after each message, so each push finds the idle mark and removes it. Two locked
/// instructions each. Figure: ns for push, pop and idle mark.
outcome push_pop_idle(std::uint64_t operations) {
    world one;
    mailbox::start_idle(one.incoming, one.consumed);
    std::uint64_t right = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        drover::message_node* const sent = one.fresh(i);
        bool const woke = one.push(sent) == drover::push_result::woke;
        right += woke && one.pop() == sent && one.mark_idle() ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    auto wrong = expect_equal("the number of messages popped", right, operations);
    if (wrong.empty()) wrong = expect_equal("the number of nodes given back", one.retired, operations);
    return {elapsed, operations, 0, wrong};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, push_pop, &push_pop)->Name("mailbox/push_pop")->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, push_pop_idle, &push_pop_idle)
    ->Name("mailbox/push_pop_idle")
    ->Apply(operations<16'384>);

}  // namespace benches
