// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

// Bytes on their way at most, so that what is measured is the sending and not how memory grows.
constexpr std::uint64_t window_bytes = std::uint64_t{1} << 21;

template <std::size_t Bytes>
struct load {
    std::uint64_t number;
    std::array<std::byte, Bytes - sizeof(number)> more;
};
template <>
struct load<8> {
    std::uint64_t number;
};

template <std::size_t Bytes>
struct sink {
    void operator()(load<Bytes> const& one) {
        sum += one.number;
        seen += 1;
        if (seen % 32 == 0 || seen == expected) known->store(seen, std::memory_order_release);
        if (seen == expected) finished->add(sum);
    }

    std::uint64_t expected;
    tally* finished;
    std::atomic<std::uint64_t>* known;
    std::uint64_t sum = 0;
    std::uint64_t seen = 0;
};

/// One thread outside of the runtime sends numbers to one actor on another core, `Batch` at a time; 0 stands for
/// tell(). Time: from the first send until the last message was handled. Figure: ns per message.
template <std::size_t Bytes, std::size_t Batch>
outcome send(std::uint64_t messages, std::size_t) {
    constexpr std::uint64_t step = std::max<std::size_t>(Batch, 1);
    constexpr std::uint64_t window = std::max<std::uint64_t>(window_bytes / (Bytes + 16), 2 * 128);
    std::uint64_t const all = std::max<std::uint64_t>(messages / 128, 1) * 128;
    std::uint64_t const sum = all * (all + 1) / 2;
    tally finished(sum);
    std::atomic<std::uint64_t> known{0};
    drover::runtime rt({.threads = 1, .affinity = receivers_place()});
    auto const target = rt.spawn<sink<Bytes>>(all, &finished, &known);
    std::chrono::nanoseconds elapsed{};
    std::string wrong;
    {
        std::jthread const sender([&] {
            stay_on(senders_place());
            std::vector<load<Bytes>> some(step);
            std::uint64_t seen = 0;
            short_wait wait;
            stopwatch const clock;
            for (std::uint64_t i = 0; i < all; i += step) {
                while (i + step > seen + window) {
                    wait();
                    seen = known.load(std::memory_order_acquire);  // pairs with the sink's store
                }
                for (std::uint64_t each = 0; each < step; ++each) some[each].number = i + each + 1;
                bool accepted = false;
                if constexpr (Batch == 0) {
                    accepted = target.tell(some.front()) == drover::delivery::accepted;
                } else {
                    accepted = target.tell_batch(std::span<load<Bytes> const>(some)) == drover::delivery::accepted;
                }
                if (!accepted) {
                    wrong = "a send was not accepted.";
                    return;
                }
            }
            finished.wait();
            elapsed = clock.elapsed();
        });
    }
    if (wrong.empty()) wrong = expect_equal("the sum of the messages", finished.total(), sum);
    return {elapsed, all, 0, wrong};
}

template <std::size_t Bytes>
constexpr std::array ways{
    contender{"tell", &send<Bytes, 0>},
    contender{"tell_batch_1", &send<Bytes, 1>},
    contender{"tell_batch_8", &send<Bytes, 8>},
    contender{"tell_batch_32", &send<Bytes, 32>},
    contender{"tell_batch_128", &send<Bytes, 128>},
};

}  // namespace

BENCHMARK_CAPTURE(measure_side_by_side, bytes_8, ways<8>)->Name("tell_batch/bytes_8")->Apply(rounds<1'000'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, bytes_48, ways<48>)->Name("tell_batch/bytes_48")->Apply(rounds<1'000'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, bytes_64, ways<64>)->Name("tell_batch/bytes_64")->Apply(rounds<1'000'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, bytes_256, ways<256>)->Name("tell_batch/bytes_256")->Apply(rounds<500'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, bytes_4096, ways<4096>)
    ->Name("tell_batch/bytes_4096")
    ->Apply(rounds<100'000, 1>);

}  // namespace benches
