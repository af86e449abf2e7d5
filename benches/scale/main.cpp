// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../support/options.hpp"
#include "fit.hpp"
#include "fresh_process.hpp"
#include "sweeps.hpp"

namespace benches::scale {
namespace {

constexpr char usage[] = R"(usage: scale [options]

How figures grow: bytes of an actor and cost of a message from 10 actors to a million, from 1 to 8 senders, 1 to 512 members
of a pool, payloads of 8 to 32768 bytes. Beside each the model that it should follow, whose coefficients are fitted to the
figures (least squares of the relative errors, none below 0) but for those that follow from a sizeof.

  --rounds N     runs of each place, each in a fresh process, all places in turn; the median counts (5)
  --filter RE    only sweeps whose name has a match: bytes actors senders members payloads
  --quick        few places, few messages, one round: to see that the answers are right, and for no figure
  --json FILE    also write everything to FILE; benches/scale/plot.py draws it
  --help         print this and end
)";

struct options {
    std::uint64_t rounds = 5;
    bool quick = false;
    std::string json{};
    std::regex names{".*"};
};

struct point {
    double x;
    double median;
    double low;  ///< quartiles
    double high;
};

struct curve {
    sweep of;
    std::vector<point> points{};
    terms coefficients{};
};

machine this_machine() {
    const auto cache = [](int name, double otherwise) {
        const long bytes = ::sysconf(name);
        return bytes > 0 ? static_cast<double>(bytes) : otherwise;
    };
    return {std::max(1U, std::thread::hardware_concurrency()), cache(_SC_LEVEL1_DCACHE_SIZE, 32'768),
            cache(_SC_LEVEL2_CACHE_SIZE, 1'048'576)};
}

point point_of(double x, std::vector<double> runs) {
    std::sort(runs.begin(), runs.end());
    const auto at = [&runs](double share) {
        const double place = share * static_cast<double>(runs.size() - 1);
        const auto below = static_cast<std::size_t>(place);
        const std::size_t above = std::min(below + 1, runs.size() - 1);
        return runs[below] + (runs[above] - runs[below]) * (place - static_cast<double>(below));
    };
    return {x, at(0.5), at(0.25), at(0.75)};
}

double model_at(const curve& one, double x, const machine& here) {
    double sum = 0;
    for (std::size_t each = 0; each != one.of.model.size(); ++each)
        sum += one.coefficients[each] * one.of.model[each].at(x, here);
    return sum;
}

/// Coefficients of all terms; what is known beforehand is taken off before the rest is fitted.
terms fitted(const curve& one, const machine& here) {
    std::vector<terms> places;
    std::vector<double> rest;
    std::vector<double> whole;
    for (const point& each : one.points) {
        terms at;
        double known = 0;
        for (const term& term : one.of.model) {
            if (term.known) {
                known += *term.known * term.at(each.x, here);
            } else {
                at.push_back(term.at(each.x, here));
            }
        }
        places.push_back(std::move(at));
        rest.push_back(each.median - known);
        whole.push_back(each.median);
    }
    const terms found = fit(places, rest, whole);
    terms all;
    std::size_t next = 0;
    for (const term& term : one.of.model) all.push_back(term.known ? *term.known : found[next++]);
    return all;
}

void print_curve(const curve& one, const machine& here) {
    fmt::print("\n{}: {}\n{:>10} {:>12} {:>12} {:>12} {:>12}\n", one.of.name, one.of.title, one.of.x_name, one.of.unit,
               "quartile", "quartile", "model");
    for (const point& each : one.points) {
        fmt::print("{:>10} {:>12.1f} {:>12.1f} {:>12.1f} {:>12.1f}\n", each.x, each.median, each.low, each.high,
                   model_at(one, each.x, here));
    }
    for (std::size_t each = 0; each != one.coefficients.size(); ++each) {
        fmt::print("  model: {:.4g} {} {}{}\n", one.coefficients[each], one.of.unit, one.of.model[each].name,
                   one.of.model[each].known ? " (not fitted)" : "");
    }
}

std::string json_of(const curve& one, const machine& here) {
    std::string text = fmt::format(
        "    {{\"name\": \"{}\", \"title\": \"{}\", \"x\": \"{}\", \"unit\": \"{}\", \"steps\": {},\n      \"terms\": "
        "[",
        one.of.name, one.of.title, one.of.x_name, one.of.unit, one.of.steps);
    for (std::size_t each = 0; each != one.coefficients.size(); ++each) {
        text += fmt::format("{}{{\"name\": \"{}\", \"coefficient\": {:.5g}, \"fitted\": {}}}", each == 0 ? "" : ", ",
                            one.of.model[each].name, one.coefficients[each], !one.of.model[each].known);
    }
    text += "],\n      \"points\": [";
    for (const point& each : one.points) {
        text += fmt::format("{}{{\"x\": {}, \"median\": {:.5g}, \"low\": {:.5g}, \"high\": {:.5g}, \"model\": {:.5g}}}",
                            &each == one.points.data() ? "" : ",\n        ", each.x, each.median, each.low, each.high,
                            model_at(one, each.x, here));
    }
    text += "],\n      \"curve\": [";
    std::vector<double> places;
    for (const point& each : one.points) {
        places.push_back(each.x);
        if (one.of.steps || &each == &one.points.back()) continue;
        // Between two places, evenly on a logarithmic axis.
        constexpr int between = 8;
        const double next = (&each + 1)->x;
        for (int step = 1; step != between; ++step)
            places.push_back(each.x * std::pow(next / each.x, static_cast<double>(step) / between));
    }
    for (std::size_t each = 0; each != places.size(); ++each) {
        text +=
            fmt::format("{}[{:.5g}, {:.5g}]", each == 0 ? "" : ", ", places[each], model_at(one, places[each], here));
    }
    return text + "]}";
}

bool write_json(const options& asked, const machine& here, const std::vector<curve>& curves) {
    std::string text = fmt::format(
        "{{\n  \"quick\": {}, \"rounds\": {}, \"processors\": {}, \"level1_bytes\": {}, \"level2_bytes\": {},\n"
        "  \"sweeps\": [",
        asked.quick, asked.rounds, here.processors, here.first_cache, here.second_cache);
    for (const curve& one : curves) text += (&one == curves.data() ? "\n" : ",\n") + json_of(one, here);
    text += "\n  ]\n}\n";
    std::FILE* const file = std::fopen(asked.json.c_str(), "w");
    bool good = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (file != nullptr && std::fclose(file) != 0) good = false;
    if (!good) fmt::print(stderr, "scale: '{}' cannot be written; give --json a file that can\n", asked.json);
    return good;
}

int run(int count, char** arguments) {
    options asked;
    std::uint64_t rounds = 0;
    const option known[] = {{"--rounds", whole_into(rounds, "number of rounds", 1, 100)},
                            {"--filter", expression_into(asked.names)},
                            {"--quick", &asked.quick},
                            {"--json", text_into(asked.json)}};
    if (const auto status = read_options("scale", usage, known, count, arguments)) return *status;
    if (rounds != 0 || asked.quick) asked.rounds = std::max<std::uint64_t>(rounds, 1);
    const machine here = this_machine();
    // Before the minutes and not after them.
    if (!asked.json.empty() && !write_json(asked, here, {})) return 2;

    std::vector<curve> curves;
    for (sweep& each : all_sweeps())
        if (std::regex_search(each.name, asked.names)) curves.push_back({std::move(each)});
    if (curves.empty()) {
        fmt::print(stderr, "scale: no sweep's name has a match of the filter; --help lists them\n");
        return 2;
    }
    fmt::print("{} processors, {:.0f} KiB level 1, {:.0f} KiB level 2; {} run(s) a place, medians and quartiles.\n",
               here.processors, here.first_cache / 1024, here.second_cache / 1024, asked.rounds);

    // All places in each round: what slows the machine for a while slows a round and not a place.
    std::vector<std::vector<std::vector<double>>> runs(curves.size());
    for (std::uint64_t round = 0; round != asked.rounds; ++round) {
        for (std::size_t which = 0; which != curves.size(); ++which) {
            const sweep& of = curves[which].of;
            const auto& places = asked.quick ? of.quick_places : of.places;
            runs[which].resize(places.size());
            for (std::size_t place = 0; place != places.size(); ++place) {
                runs[which][place].push_back(in_fresh_process(fmt::format("scale/{}/{}", of.name, places[place]),
                                                              [&] { return of.run(places[place], asked.quick); }));
            }
        }
    }
    for (std::size_t which = 0; which != curves.size(); ++which) {
        curve& one = curves[which];
        const auto& places = asked.quick ? one.of.quick_places : one.of.places;
        for (std::size_t place = 0; place != places.size(); ++place)
            one.points.push_back(point_of(static_cast<double>(places[place]), std::move(runs[which][place])));
        one.coefficients = fitted(one, here);
        print_curve(one, here);
    }
    return asked.json.empty() || write_json(asked, here, curves) ? 0 : 2;
}

}  // namespace
}  // namespace benches::scale

int main(int count, char** arguments) {
    try {
        return benches::scale::run(count, arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "scale: {}\n", error.what());
        return 1;
    }
}
