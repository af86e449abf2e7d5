// What the actors of the census say to each other.
//
//            want                 harvest
//   parser ────────▸ walker   parser ───────▸ collector ──▸ its children, one part of the words each
//          ◂────────                               ▴
//            work                 walked           │
//                             walker ──────────────┘        everybody ──▸ screen
//
// Work is pulled: the walker hands out files only when a parser asks, and stops looking for more when enough are
// waiting. So what is in memory does not depend on how many files there are.
#pragma once

#include "tally.hpp"

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace census {

/// To a walker or parser, from itself: do the next slice of the work. Between two slices other messages have their
/// turn, and other actors the thread.
struct go_on {};

/// To a walker or parser: stop where you are and hand in what you have.
struct halt {};

/// To a parser: files to read. None at all means that there will be no more.
struct work {
    std::vector<std::string> files;
};

/// To the walker: this parser can take some files.
struct want {
    drover::recipient<work> parser;
};

/// To the collector, from the walker when it has seen everything.
struct walked {
    skip_counts skipped;
};

/// To the collector, from each parser, once.
struct harvest {
    std::unique_ptr<tally> counts;
};

/// To a child of the collector: add up one part of the words of all parsers. The reply is a ranking.
struct rank_part {
    std::shared_ptr<const std::vector<tally>> all;
    std::size_t part = 0;
    std::size_t parts = 1;
};

/// To the collector, when it has rung. The reply is the findings.
struct take {};

/// To the screen, from a parser: files done and bytes read since the last time.
struct advance {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// To the screen, from the walker: how many files are found and not handed out.
struct waiting {
    std::size_t files = 0;
};

/// To the screen: how much there is to do, as far as that is known.
struct survey {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    bool finished = false;
};

/// To the screen: time has passed.
struct tick {};

/// To the screen: leave the line as it is. The reply comes when nothing more will be drawn.
struct curtain {};

}  // namespace census
