// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/mailbox/tagged_list.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

// Benches that are slower by a known share: with DROVER_REGRESS_SLOWER=5 each does 5 % more of what it does. `regress
// --prove` measures with them what the detector finds.
namespace benches {
namespace {

/// As many operations as are to be done for `operations` that are paid for.
std::uint64_t work_for(std::uint64_t operations) {
    static double const percent = [] {
        char const* const text = std::getenv("DROVER_REGRESS_SLOWER");
        return text == nullptr ? 0.0 : std::atof(text);
    }();
    return operations + static_cast<std::uint64_t>(std::llround(static_cast<double>(operations) * percent / 100));
}

/// One multiplication after another, each of the last one's result. Figure: ns for one.
outcome arithmetic(std::uint64_t operations) {
    std::uint64_t value = 1;
    stopwatch const clock;
    for (std::uint64_t left = work_for(operations); left != 0; --left) {
        value = value * 6364136223846793005U + 1442695040888963407U;
        benchmark::DoNotOptimize(value);
    }
    return {clock.elapsed(), operations, 0, {}};
}

/// Steps through 256 KiB, from each place to one that only it names. Figure: ns for one.
outcome memory(std::uint64_t operations) {
    static std::vector<std::uint32_t> const next = [] {
        std::vector<std::uint32_t> places(65'536);
        for (std::size_t each = 0; each != places.size(); ++each)
            places[each] = static_cast<std::uint32_t>((each * 25'173 + 13'849) % places.size());
        return places;
    }();
    std::uint32_t place = 0;
    stopwatch const clock;
    for (std::uint64_t left = work_for(operations); left != 0; --left) place = next[place];
    benchmark::DoNotOptimize(place);
    return {clock.elapsed(), operations, 0, {}};
}

/// A message is pushed into a mailbox and popped. Figure: ns for both.
outcome messages(std::uint64_t operations) {
    using mailbox = drover::tagged_list;
    mailbox::producer_side incoming;
    mailbox::consumer_side consumed;
    std::vector<drover::message_node> letters(8);
    mailbox::start_scheduled(incoming, consumed);
    std::uint64_t const wanted = work_for(operations);
    std::uint64_t right = 0;
    stopwatch const clock;
    for (std::uint64_t each = 0; each != wanted; ++each) {
        drover::message_node* const sent = &letters[each % letters.size()];
        sent->next.store(nullptr, std::memory_order_relaxed);
        mailbox::push_chain(incoming, sent, sent);
        right += mailbox::pop(incoming, consumed, [](drover::message_node*) noexcept {}) == sent ? 1 : 0;
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of messages popped", right, wanted)};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, arithmetic, &arithmetic)->Name("knob/arithmetic")->Apply(operations<100'000>);
BENCHMARK_CAPTURE(measure_part, memory, &memory)->Name("knob/memory")->Apply(operations<100'000>);
BENCHMARK_CAPTURE(measure_part, messages, &messages)->Name("knob/messages")->Apply(operations<20'000>);

}  // namespace benches
