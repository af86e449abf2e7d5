// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../support/options.hpp"
#include "arrivals.hpp"
#include "subjects.hpp"

namespace benches::latency {
namespace {

constexpr char usage[] = R"(usage: latency [options]

Latency of a message at a fixed arrival rate, from the instant at which it was due until its handler runs: a sender or a
receiver that stalls makes all wait who were due meanwhile, and each of them counts. One thread sends, and does not
sleep; the receivers have the other processors. A fifth of a second at the start of each run is not counted.

  --rates A,B,C   messages a second (10000,100000,1000000)
  --seconds S     how long each run sends, from 1 to 600 (3)
  --peers         CAF too, where this was built with it; drover and CAF run in turn
  --quick         a few milliseconds a run: to see that the answers are right, and for no figure
  --json FILE     also write everything to FILE
  --help          print this and end

Where fewer than 99 % of the messages asked for a second were handled, the queue grew all the time: the line says so, and
gives no percentiles, as they would be those of the length of the run. `late` is the sender's own part: the 99.9th
percentile of how late it began a send.
)";

constexpr std::array percents{50.0, 90.0, 99.0, 99.9, 99.99, 100.0};

struct options {
    std::vector<std::uint64_t> rates{10'000, 100'000, 1'000'000};
    std::uint64_t seconds = 3;
    bool peers = false;
    bool quick = false;
    std::string json{};
};

struct row {
    subject who;
    load asked;
    measured result;
    double rate;  ///< achieved
    bool reached;
};

// "10000,100000"
option::taking rates_into(std::vector<std::uint64_t>& rates) {
    return [&rates](std::string_view value) {
        rates.clear();
        while (true) {
            const auto comma = std::min(value.find(','), value.size());
            const auto rate = whole(value.substr(0, comma), 1, 100'000'000);
            if (!rate)
                return fmt::format(
                    "'{}' is no rate; give whole numbers of messages a second from 1 to 100000000, with commas between",
                    value.substr(0, comma));
            rates.push_back(*rate);
            if (comma == value.size()) return std::string();
            value.remove_prefix(comma + 1);
        }
    };
}

load load_of(const options& asked, std::uint64_t rate) {
    const std::uint64_t messages = asked.quick ? std::max<std::uint64_t>(20, rate / 200) : rate * asked.seconds;
    const auto processors = std::max(1U, std::thread::hardware_concurrency());
    return {.per_second = rate,
            .messages = messages,
            .warm_up = std::min(rate / 5, messages / 4),
            .threads = std::max(1U, processors - 1)};
}

std::int64_t nanoseconds(const drover::histogram& of, double percent) {
    return of.percentile(percent).value_or(drover::clock_duration{}).count();
}

// The histogram's top is 68.7 s, and no run that is reached has such a message.
std::string duration_text(std::int64_t ns) {
    if (ns < 1'000) return fmt::format("{} ns", ns);
    if (ns < 1'000'000) return fmt::format("{:.3g} us", static_cast<double>(ns) / 1e3);
    if (ns < 1'000'000'000) return fmt::format("{:.3g} ms", static_cast<double>(ns) / 1e6);
    return fmt::format("{:.3g} s", static_cast<double>(ns) / 1e9);
}

void print_row(const row& one) {
    fmt::print("{:<7} {:<6} {:>9} {:>9.0f} ", one.who.side, one.who.what, one.asked.per_second, one.rate);
    if (one.reached) {
        for (const double percent : percents)
            fmt::print(" {:>8}", duration_text(nanoseconds(one.result.seen.latencies, percent)));
    } else {
        fmt::print(" NOT REACHED: it fell behind until the end, so there are no percentiles ");
    }
    fmt::print(" {:>8}\n", duration_text(nanoseconds(one.result.late, 99.9)));
    std::fflush(stdout);
}

bool write_json(const options& asked, const std::vector<row>& rows) {
    std::string text = fmt::format("{{\n  \"quick\": {}, \"seconds\": {},\n  \"rows\": [", asked.quick, asked.seconds);
    for (const row& one : rows) {
        text += fmt::format(
            R"({}    {{"side": "{}", "receiver": "{}", "per_second": {}, "messages": {}, "counted": {}, "threads": {}, )"
            R"("achieved": {:.6g}, "reached": {})",
            &one == rows.data() ? "\n" : ",\n", one.who.side, one.who.what, one.asked.per_second, one.asked.messages,
            one.result.seen.latencies.count(), one.asked.threads, one.rate, one.reached);
        for (const double percent : percents) {
            text += fmt::format(R"(, "{}_ns": )", percent == 100.0 ? "max" : fmt::format("p{}", percent));
            text += one.reached ? fmt::format("{}", nanoseconds(one.result.seen.latencies, percent)) : "null";
        }
        text += fmt::format(R"(, "sender_late_p99.9_ns": {}, "sender_late_max_ns": {}}})",
                            nanoseconds(one.result.late, 99.9), nanoseconds(one.result.late, 100));
    }
    text += "\n  ]\n}\n";
    std::FILE* const file = std::fopen(asked.json.c_str(), "w");
    bool good = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (file != nullptr && std::fclose(file) != 0) good = false;
    if (!good) fmt::print(stderr, "latency: '{}' cannot be written; give --json a file that can\n", asked.json);
    return good;
}

int run(int count, char** arguments) {
    options asked;
    const option known[] = {{"--rates", rates_into(asked.rates)},
                            {"--seconds", whole_into(asked.seconds, "number of seconds", 1, 600)},
                            {"--peers", &asked.peers},
                            {"--quick", &asked.quick},
                            {"--json", text_into(asked.json)}};
    if (const auto status = read_options("latency", usage, known, count, arguments)) return *status;
    if (!asked.json.empty() && !write_json(asked, {})) return 2;

    std::vector<subject> subjects{{"drover", "actor", &drover_actor}, {"drover", "pool", &drover_pool}};
    if (asked.peers) {
#ifdef DROVER_BENCH_CAF
        subjects = {{"drover", "actor", &drover_actor},
                    {"caf", "actor", &caf_actor},
                    {"drover", "pool", &drover_pool},
                    {"caf", "pool", &caf_pool}};
#else
        fmt::print(stderr, "latency: this was built without CAF; configure with -DDROVER_PEERS=ON and libcaf-dev\n");
        return 2;
#endif
    }

    fmt::print("From when a message was due until its handler runs; {} worker(s), one sender that does not sleep.\n",
               load_of(asked, 1).threads);
    fmt::print("{:<7} {:<6} {:>9} {:>9}  {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "side", "to", "asked/s",
               "achieved", "p50", "p90", "p99", "p99.9", "p99.99", "max", "late");
    std::vector<row> rows;
    for (const std::uint64_t rate : asked.rates) {
        for (const subject& each : subjects) {
            const load what = load_of(asked, rate);
            const measured result = each.run(what);
            const double achieved_rate = achieved(result.plan, result.seen);
            // A run of milliseconds says nothing of a rate.
            rows.push_back({each, what, result, achieved_rate, asked.quick || reached(result.plan, achieved_rate)});
            print_row(rows.back());
        }
    }
    // Beside 10 microseconds of work a millisecond is somebody else's.
    const auto busy = [](const row& one) { return nanoseconds(one.result.late, 99.9) > 1'000'000; };
    if (std::ranges::any_of(rows, busy)) {
        fmt::print(
            "The sender itself was late by more than 1 ms: other programs had its processor. Those latencies are the "
            "machine's.\n");
    }
    return asked.json.empty() || write_json(asked, rows) ? 0 : 2;
}

}  // namespace
}  // namespace benches::latency

int main(int count, char** arguments) {
    try {
        return benches::latency::run(count, arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "latency: {}\n", error.what());
        return 1;
    }
}
