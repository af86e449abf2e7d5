// Reads one file after another, a buffer at a time, and counts what is in them.
#pragma once

#include "file_handle.hpp"
#include "scan.hpp"
#include "tally.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace census {

/// Counts a file when it was read from beginning to end and did not change meanwhile; else it is skipped, and nothing
/// of it stays in the tally. Never waits for a FIFO or a device, and reads no further than the size the file had when
/// it was opened, so a file that grows for ever ends all the same. Memory: one buffer and the distinct words, whatever
/// the size of the files. One thread at a time; does not move, because the scanner points into it.
class file_parser {
public:
    static constexpr std::size_t buffer_size = std::size_t{256} << 10;
    static constexpr std::size_t binary_window = std::size_t{8} << 10;

    explicit file_parser(std::size_t top);
    file_parser(const file_parser&) = delete;
    file_parser& operator=(const file_parser&) = delete;

    /// Begins a file, or counts it as skipped. No other file is open.
    void open(std::string path);

    /// Whether a file is open.
    [[nodiscard]] bool busy() const { return static_cast<bool>(file_); }

    /// Reads and scans one buffer of the open file, and finishes with the file if that was the last one.
    /// Returns the bytes read. Blocks for as long as the file system takes.
    std::size_t advance();

    /// Forgets the open file, if any: it counts neither as read nor as skipped.
    void abandon();

    /// What was counted so far. The parser is of no further use.
    [[nodiscard]] tally take();

private:
    struct sink {
        tally* counts;
        void word(std::string_view text) { counts->words.add(text); }
        void header(std::string_view text) { counts->headers.add(text); }
    };

    [[nodiscard]] std::size_t fill();
    void skip(skip_reason why);
    void finish();

    tally counts_;
    largest_files largest_;
    sink sink_{&counts_};
    scanner<sink> scanner_{sink_};
    std::vector<char> buffer_ = std::vector<char>(buffer_size);
    std::string path_;
    file_handle file_;
    struct stat opened_{};
    std::uint64_t read_ = 0;  // bytes of the open file
    bool failed_ = false;     // the file system refused to read on
};

}  // namespace census
