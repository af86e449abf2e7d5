// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/adapters/prometheus.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
    const std::vector<drover::metric_family> families{
        {.name = "answer", .type = drover::metric_type::gauge, .series = {{{}, std::uint64_t{49}}}}};
    const drover::prometheus_server server([&] { return families; });
    const auto seen = drover::to_prometheus(families);
    std::printf("answer %.0f at a port: %s\n", seen[0].metric[0].gauge.value, server.port() != 0 ? "yes" : "no");
}
