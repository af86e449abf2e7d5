// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
/// A service whose metrics are served on loopback, for tests/monitoring/scrapes.py. It says its port, and answers each
/// line `work` with what it has done since it began, in JSON.
#include <drover/adapters/prometheus.hpp>

#include "shop.hpp"

#include <cstdio>
#include <iostream>
#include <string>

namespace {

void print(const shop::account& done) {
    std::printf(
        "{\"rounds\": %ju, \"orders\": %ju, \"booked\": %ju, \"printed\": %ju, \"asked\": %ju, \"timed_out\": %ju, "
        "\"failures\": %ju, "
        "\"rejected\": %ju, \"dropped\": %ju, \"no_target\": %ju, \"stopped\": %ju, \"visitors\": %ju, \"timers\": "
        "%ju, "
        "\"handled\": %ju}\n",
        done.rounds, done.orders, done.booked, done.printed, done.asked, done.timed_out, done.failures, done.rejected,
        done.dropped, done.no_target, done.stopped, done.visitors, done.timers, done.handled);
}

}  // namespace

int main() {
    shop::service all;
    const drover::prometheus_server server(all.runtime());
    std::printf("%d\n", server.port());
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        print(all.work());
        std::fflush(stdout);
    }
    return 0;
}
