// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
/// Prints pages of metrics for tests/report/consumers.py, which gives them to those who read such pages:
///     pages clean|odd text|openmetrics       to standard output
///     pages file NAME.prom                   the clean page, as the node exporter gets it
/// A series of the odd page says in a label what its value, or its other label, is to be read as.
#include <drover/base/random.hpp>
#include <drover/metrics.hpp>
#include <drover/report.hpp>

#include <bit>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using drover::metric_family;
using drover::metric_type;

std::string hexadecimal(std::uint64_t bits) {
    char digits[16];
    return {digits, std::to_chars(digits, digits + sizeof digits, bits, 16).ptr};
}

std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char each : bytes) {
        text += each < 0x10 && each >= 0 ? "0" : "";
        text += hexadecimal(std::uint64_t{static_cast<unsigned char>(each)});
    }
    return text;
}

// 1000 durations whose buckets a reader can count himself: the squares of 1 to 1000, in microseconds.
drover::metric_histogram squares() {
    drover::histogram_block block;
    for (std::int64_t each = 1; each <= 1000; ++each) {
        block.record(std::chrono::microseconds(each * each));
    }
    drover::metric_histogram whole = drover::histogram_in_seconds(block.read(), 10, 30);
    whole.show({.labels = {{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}},
                .value = 0.25,
                .at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'520'879'607'789))});
    whole.show({.labels = {}, .value = 1.0, .at = {}});
    return whole;
}

std::vector<metric_family> clean() {
    return {
        {.name = "drover_actor_messages_processed",
         .help = "Messages that actors of a type have handled.",
         .type = metric_type::counter,
         .series = {{{{"actor", "worker"}},
                     std::uint64_t{1000},
                     drover::metric_exemplar{.labels = {{"trace_id", "a"}}}},
                    {{{"actor", "std::vector<\"int\">"}}, std::uint64_t{7}}}},
        {.name = "drover_actor_processing_time_seconds",
         .help = "How long handlers run.",
         .unit = "seconds",
         .type = metric_type::histogram,
         .series = {{{{"actor", "worker"}}, squares()},
                    {{{"actor", "idle"}}, drover::histogram_in_seconds({}, 10, 30)}}},
        {.name = "drover_actor_mailbox_messages",
         .help = "Messages that wait.",
         .type = metric_type::gauge,
         .series = {{{{"actor", "worker"}}, std::uint64_t{3}}}},
        {.name = "drover_build_info",
         .help = "Always 1; the labels say what was built.",
         .type = metric_type::gauge,
         .series = {{{{"version", "0.1.0"}, {"compiler", "g++ \\ clang"}}, 1.0}}},
    };
}

metric_family odd_texts() {
    metric_family family{.name = "odd_text", .help = "A \"help\"\nof two lines \\ one\xFF", .type = metric_type::gauge};
    drover::random_source random(1);
    for (std::size_t each = 0; each != 400; ++each) {
        std::string raw;
        if (each < 256) {
            raw = {'a', static_cast<char>(each), 'z'};
        } else {
            for (std::uint32_t more = 1 + random.below(12); more != 0; --more) {
                // Every other text is of signs that mean something to a reader.
                raw += each % 2 == 0 ? "\"\\\n{},= #n\xC3\xA4"[random.below(12)] : static_cast<char>(random.below(256));
            }
        }
        family.series.push_back({{{"number", std::to_string(each)}, {"bytes", hexadecimal(raw)}, {"text", raw}}, 1.0});
    }
    return family;
}

metric_family odd_numbers() {
    metric_family family{.name = "odd_number", .help = "Doubles by their bits.", .type = metric_type::unknown};
    std::vector<double> values{0.0,
                               -0.0,
                               1e-7,
                               123456.0,
                               1e6,
                               1e21,
                               5e-324,
                               std::numeric_limits<double>::max(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()};
    drover::random_source random(2);
    for (int each = 0; each != 500; ++each) {
        values.push_back(std::bit_cast<double>(random.next() & 0xbfff'ffff'ffff'ffffU));
    }
    for (std::size_t each = 0; each != values.size(); ++each) {
        family.series.push_back(
            {{{"number", std::to_string(each)}, {"bits", hexadecimal(std::bit_cast<std::uint64_t>(values[each]))}},
             values[each]});
    }
    return family;
}

std::vector<metric_family> odd() {
    std::string long_id;
    for (int each = 0; each != 120; ++each) {
        long_id += "\xC3\xA4";
    }
    return {
        odd_texts(),
        odd_numbers(),
        {.name = "odd_counter",
         .help = "All digits, and an exemplar as long as can be.",
         .type = metric_type::counter,
         .series = {{{},
                     std::uint64_t{9007199254740993U},
                     drover::metric_exemplar{
                         .labels = {{"trace_id", long_id}},
                         .value = -0.5,
                         .at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1))}}}},
        {.name = "odd_time_seconds",
         .unit = "seconds",
         .type = metric_type::histogram,
         .series = {{{},
                     drover::metric_histogram{
                         .buckets = {{.bound = 0}, {.bound = 1}, {.bound = 100000}, {.bound = 1e6, .count = 1}},
                         .count = 2,
                         .sum = 3e6}}}},
        {.name = "odd_empty", .help = "Has no series.", .type = metric_type::gauge},
    };
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    if (arguments.size() != 2) {
        std::fputs("usage: pages clean|odd text|openmetrics, or pages file NAME.prom\n", stderr);
        return 2;
    }
    try {
        if (arguments[0] == "file") {
            drover::write_metrics_file(arguments[1], clean());
            return 0;
        }
        const auto format = arguments[1] == "openmetrics" ? drover::exposition_format::openmetrics
                                                          : drover::exposition_format::prometheus_text;
        drover::write_metrics(std::ostreambuf_iterator<char>(std::cout), arguments[0] == "odd" ? odd() : clean(),
                              format);
        return std::cout.flush() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
