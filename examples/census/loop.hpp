// The obvious way to do the job, to measure the actors against.
#pragma once

#include "file_parser.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "tally.hpp"
#include "walk.hpp"

#include <chrono>
#include <utility>

namespace census {

/// One thread: walk, read, count. Ends early after an interrupt.
inline findings run_loop(const options& wanted, interrupts& signals) {
    const auto begin = std::chrono::steady_clock::now();
    file_parser parser(wanted.top);
    skip_counts passed;
    walk sources(wanted.directories);
    for (auto step = sources.next(); step != walk::step::finished && !signals.seen(); step = sources.next()) {
        if (step == walk::step::skipped) {
            passed.add(sources.reason());
        } else if (step == walk::step::file) {
            parser.open(sources.path());
            while (parser.busy() && !signals.seen()) {
                parser.advance();
            }
        }
    }
    tally counted = parser.take();
    findings result;
    result.files = counted.files;
    result.totals = counted.totals;
    result.skipped = counted.skipped;
    result.skipped.add(passed);
    result.identifiers = {counted.words.distinct(), counted.words.top(wanted.top)};
    result.headers = {counted.headers.distinct(), counted.headers.top(wanted.top)};
    result.largest = std::move(counted.largest);
    keep_top(result.largest, wanted.top);
    result.interrupted = signals.seen();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}  // namespace census
