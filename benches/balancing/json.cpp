// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/version.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "report.hpp"

namespace benches::balancing {
namespace {

// Names are our own but for the filter.
std::string quoted(std::string_view text) {
    std::string made = "\"";
    for (const char each : text) {
        if (each == '"' || each == '\\') made += '\\';
        made += static_cast<unsigned char>(each) < 0x20 ? ' ' : each;
    }
    return made + '"';
}

std::string number(const std::optional<double>& value) {
    return value ? fmt::format("{:.6g}", *value) : "null";
}

template <class Row, class F>
std::string list(std::string_view name, const std::vector<Row>& rows, F&& one) {
    std::string text = fmt::format("  \"{}\": [", name);
    for (std::size_t each = 0; each != rows.size(); ++each) {
        text += each == 0 ? "\n    {" : ",\n    {";
        text += one(rows[each]);
        text += '}';
    }
    return text + (rows.empty() ? "]" : "\n  ]");
}

std::string series_of(const std::vector<double>& numbers) {
    std::string series;
    for (const double each : numbers) {
        fmt::format_to(std::back_inserter(series), "{}{:.4g}", series.empty() ? "" : ", ", each);
    }
    return series;
}

std::string text_of(const deviation_row& row) {
    return fmt::format(
        R"("set": "{}", "policy": "{}", "sets": {}, "members": {}, "turns": {}, "from_due": {}, "of_own_shares": {}, )"
        R"("rounding_in_turns": {}, "series": [{}])",
        row.set, row.policy, row.sets, row.members, row.turns, number(row.from_due), number(row.of_own),
        number(row.rounded), series_of(row.series));
}

std::string text_of(const movement_row& row) {
    return fmt::format(
        R"("policy": "{}", "members": {}, "keys": {}, "due": {}, "removed": {}, "others": {}, "restored": {}, )"
        R"("heaviest": {})",
        row.policy, row.members, row.keys, number(row.due), number(row.removed), number(row.others), row.restored,
        number(row.heaviest));
}

std::string text_of(const cap_row& row) {
    return fmt::format(R"("policy": "{}", "members": {}, "picks": {}, "highest": {}, "above_cap": {}, "capped": {})",
                       row.policy, row.members, row.picks, number(row.highest), row.above_cap, row.capped);
}

std::string text_of(const queueing_row& row) {
    return fmt::format(
        R"("service": "{}", "pool": "{}", "members": {}, "load": {}, "policy": "{}", "jobs": {}, "mean": {}, )"
        R"("half_width": {}, "batch_correlation": {}, "p50": {}, "p99": {}, "p99.9": {}, "failed": {}, "grows": {})",
        name_of(row.what.service), name_of(row.what.kind), row.what.members, row.what.load, row.policy, row.jobs,
        number(row.mean), number(row.half_width), number(row.batch_correlation), number(row.p50), number(row.p99),
        number(row.p999), number(row.failed), row.grows);
}

std::string text_of(const pool_row& row) {
    return fmt::format(
        R"("service": "{}", "pool": "{}", "members": {}, "load": {}, "policy": "{}", "jobs": {}, "simulated_mean": {}, )"
        R"("simulated_half_width": {}, "pool_mean": {}, "pool_half_width": {}, )"
        R"("difference_half_width": {})",
        name_of(row.what.service), name_of(row.what.kind), row.what.members, row.what.load, row.policy, row.jobs,
        number(row.simulated.mean), number(row.simulated.half_width), number(row.in_pool.mean),
        number(row.in_pool.half_width), number(row.difference_half_width));
}

std::string text_of(const health_row& row) {
    return fmt::format(R"("policy": "{}", "health": "{}", "members": {}, "from": {}, "to": {}, "failed": [{}])",
                       row.policy, row.health, row.members, row.from, row.to, series_of(row.failed));
}

std::string text_of(const pick_row& row) {
    const std::optional<double> ratio = row.over_counter ? std::optional(row.over_counter->median) : std::nullopt;
    return fmt::format(
        R"("policy": "{}", "members": {}, "threads": {}, "ns": {}, "low": {}, "high": {}, "over_fetch_add": {})",
        row.policy, row.members, row.threads, number(row.ns.median), number(row.ns.low), number(row.ns.high),
        number(ratio));
}

std::string text_of(const rebuild_row& row) {
    return fmt::format(R"("policy": "{}", "members": {}, "ms": {}, "low": {}, "high": {})", row.policy, row.members,
                       number(row.ms.median), number(row.ms.low), number(row.ms.high));
}

std::string text_of(const verdict& row) {
    return fmt::format(R"("what": {}, "got": {}, "limit": {}, "met": {}, "promised": {})", quoted(row.what),
                       number(row.got), number(row.limit), row.met, row.promised);
}

std::string text_of(const std::pair<std::string, double>& part) {
    return fmt::format(R"("part": "{}", "seconds": {:.2f})", part.first, part.second);
}

std::string as_json(const report& what) {
    const auto text = [](const auto& row) { return text_of(row); };
    const drover::version_number version = drover::version;
    std::string all = fmt::format(
        "{{\n  \"version\": \"{}.{}.{}\",\n  \"compiler\": {},\n  \"seed\": {},\n  \"quick\": {},\n  \"filter\": {},\n"
        "  \"time_unit\": \"mean service time\",\n  \"series_step\": {},\n",
        version.major, version.minor, version.patch, quoted(__VERSION__), what.asked.seed, what.asked.quick,
        quoted(what.asked.filter), series_step);
    all += list("deviations", what.deviations, text) + ",\n";
    all += list("key_movement", what.movements, text) + ",\n";
    all += list("bounded_load", what.caps, text) + ",\n";
    all += list("queueing", what.queueing, text) + ",\n";
    all += list("pools", what.pools, text) + ",\n";
    all += list("health", what.healths, text) + ",\n";
    all += list("picks", what.picks, text) + ",\n";
    all += list("rebuilds", what.rebuilds, text) + ",\n";
    all += list("verdicts", what.verdicts, text) + ",\n";
    return all + list("seconds", what.seconds, text) + "\n}\n";
}

}  // namespace

bool write_json(const report& what) {
    const std::string all = as_json(what);
    std::FILE* file = std::fopen(what.asked.json.c_str(), "w");
    const bool written = file != nullptr && std::fwrite(all.data(), 1, all.size(), file) == all.size();
    const bool closed = file == nullptr || std::fclose(file) == 0;
    if (written && closed) return true;
    fmt::print(stderr, "balancing: '{}' cannot be written: {}\n", what.asked.json,
               std::generic_category().message(errno));
    return false;
}

}  // namespace benches::balancing
