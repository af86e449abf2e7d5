// What the actors of the census say to each other.
//
//            work                 harvest
//   walker ────────▸ parser   parser ───────▸ collector ──▸ its children, one part of the words each
//          ◂────────                               ▴
//        water_level              walked           │
//                             walker ──────────────┘        everybody ──▸ screen
//
// The parsers are a pool, and its policy picks who reads a file. Their mailboxes are bounded: a file that does not fit
// into the one that was picked stays with the walker, who looks for no more files until a water_level says that a
// mailbox has come down. So what is in memory does not depend on how many files there are.
#pragma once

#include "tally.hpp"

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace census {

/// To a walker or surveyor, from itself: do the next slice of the work. Between two slices other messages have their
/// turn, and other actors the thread.
struct go_on {};

/// To a walker or surveyor: look no further. Parsers are told by a flag, which they see in the middle of a file.
struct halt {};

/// To a parser: a file to read.
struct work {
    std::string path;
};

/// What a policy that picks by key goes by.
inline const std::string& routing_key(const work& given) noexcept {
    return given.path;
}

/// To the collector, from the walker when it has seen everything.
struct walked {
    skip_counts skipped;
};

/// To the collector, from each parser, once.
struct harvest {
    std::string parser;
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

/// To the screen, from the walker: files handed to the parsers since the last time.
struct handed_out {
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
