// What was counted: by one parser, and by all of them together.
#pragma once

#include "scan.hpp"
#include "words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace census {

/// Why something below the directories was not counted.
enum class skip_reason : std::uint8_t {
    link,        // a symbolic link of any name: what it leads to is not known without following it
    special,     // a FIFO, socket or device with the name of a source
    binary,      // a NUL in the first 8 KiB
    unreadable,  // a file or directory that may not be opened, or fails while it is read
    vanished,    // gone before or while it was read
    changed,     // its size or modification time moved while it was read
    name,        // a source or directory whose name is not UTF-8
};
inline constexpr std::array<std::string_view, 7> skip_names{"link",     "special", "binary", "unreadable",
                                                            "vanished", "changed", "name"};

class skip_counts {
public:
    void add(skip_reason why) { counts_[static_cast<std::size_t>(why)] += 1; }
    void add(const skip_counts& other) {
        for (std::size_t at = 0; at != counts_.size(); ++at) {
            counts_[at] += other.counts_[at];
        }
    }
    [[nodiscard]] std::uint64_t operator[](skip_reason why) const { return counts_[static_cast<std::size_t>(why)]; }
    [[nodiscard]] std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : counts_) {
            sum += count;
        }
        return sum;
    }

private:
    std::array<std::uint64_t, skip_names.size()> counts_{};
};

/// The largest files seen, `limit` of them. The smallest one kept is on top of the heap.
class largest_files {
public:
    explicit largest_files(std::size_t limit) : limit_(limit) {}

    void add(const std::string& path, std::uint64_t bytes) {
        if (limit_ == 0 || (heap_.size() == limit_ && !ranks_before({path, bytes}, heap_.front()))) {
            return;
        }
        if (heap_.size() == limit_) {
            std::pop_heap(heap_.begin(), heap_.end(), ranks_before);
            heap_.pop_back();
        }
        heap_.push_back({path, bytes});
        std::push_heap(heap_.begin(), heap_.end(), ranks_before);
    }

    [[nodiscard]] std::vector<ranked> take() { return std::move(heap_); }

private:
    std::size_t limit_;
    std::vector<ranked> heap_;
};

/// One parser's counts. Takes words as the scanner's sink.
struct tally {
    std::uint64_t files = 0;
    scan_totals totals;
    skip_counts skipped;
    word_counts words;
    word_counts headers;
    std::vector<ranked> largest;
};

/// How many different words there are, and the most frequent of them.
struct ranking {
    std::uint64_t distinct = 0;
    std::vector<ranked> top;
};

/// What one parser did of the work.
struct work_share {
    std::string parser;
    std::uint64_t files = 0;
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
};

/// By their names, which end in numbers: parser/9 before parser/10.
inline void put_in_order(std::vector<work_share>& shares) {
    std::sort(shares.begin(), shares.end(), [](const work_share& one, const work_share& other) {
        return std::pair(one.parser.size(), one.parser) < std::pair(other.parser.size(), other.parser);
    });
}

/// The bytes of the parser that read most, over the mean of all: 1 if the work was shared evenly, or if there was none.
inline double largest_over_mean(const std::vector<work_share>& shares) {
    std::uint64_t largest = 0;
    std::uint64_t sum = 0;
    for (const work_share& one : shares) {
        largest = std::max(largest, one.bytes);
        sum += one.bytes;
    }
    return sum == 0 ? 1 : static_cast<double>(largest) * static_cast<double>(shares.size()) / static_cast<double>(sum);
}

/// The answer of a whole run.
struct findings {
    std::uint64_t files = 0;
    scan_totals totals;
    skip_counts skipped;
    ranking identifiers;
    ranking headers;
    std::vector<ranked> largest;
    std::vector<work_share> shares;  // of the parsers; none if there were no actors
    std::size_t threads = 1;
    double seconds = 0;
    bool interrupted = false;

    [[nodiscard]] double comment_share() const {
        return totals.bytes == 0 ? 0 : static_cast<double>(totals.comment_bytes) / static_cast<double>(totals.bytes);
    }
    [[nodiscard]] bool same_counts(const findings& other) const {
        return files == other.files && totals.lines == other.totals.lines && totals.bytes == other.totals.bytes &&
               totals.comment_bytes == other.totals.comment_bytes && totals.identifiers == other.totals.identifiers &&
               skipped.total() == other.skipped.total() && identifiers.distinct == other.identifiers.distinct &&
               headers.distinct == other.headers.distinct;
    }
};

}  // namespace census
