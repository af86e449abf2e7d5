// The scanner: lines, comment bytes, identifiers and #include names of one file, fed to it piece by piece.
#pragma once

#include "lexer_table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace census {

/// What one file, or many together, came to.
struct scan_totals {
    std::uint64_t lines = 0;  ///< newline characters, as `wc -l` counts them
    std::uint64_t bytes = 0;
    std::uint64_t comment_bytes = 0;  ///< comment marks included, the newline behind a // comment not
    std::uint64_t identifiers = 0;    ///< wherever they stand: in code, comments, literals, header names

    void add(const scan_totals& other) {
        lines += other.lines;
        bytes += other.bytes;
        comment_bytes += other.comment_bytes;
        identifiers += other.identifiers;
    }
};

/// A longer identifier is counted, but known by its first 1 024 bytes only; so is a header name. Memory stays bounded
/// on a file that is one word of a gigabyte.
inline constexpr std::size_t longest_name = 1024;

/// Reads a byte stream that may be cut anywhere. Bytes above 0x7f are no letters, as in `LC_ALL=C grep`.
/// An identifier is a longest run of [A-Za-z0-9_] that does not begin with a digit: what
/// `LC_ALL=C grep -ohawE '[A-Za-z_][A-Za-z0-9_]*'` prints, since -w refuses a match with a letter or digit beside it.
///
/// Comments are found as a compiler would, past string, character and raw string literals and line splices.
/// Left out on purpose: trigraphs, a splice between the two characters of a comment mark, and what the preprocessor
/// would remove. A quote without a partner ends with its line, so an apostrophe in #error costs one line at most.
///
/// `Sink` has `word(std::string_view)` for each identifier and `header(std::string_view)` for each #include.
/// One thread; no allocation but for words cut by the end of a piece, raw string delimiters and header names.
template <class Sink>
class scanner {
public:
    explicit scanner(Sink& sink) : sink_(&sink) {}

    void feed(std::string_view piece);

    /// Ends the file and makes the scanner ready for the next one.
    [[nodiscard]] scan_totals finish();

    /// Forgets the file that was begun.
    void reset() {
        totals_ = {};
        state_ = lexer::state::line_start;
        cut_word_.clear();
        cut_word_open_ = false;
    }

private:
    using state = lexer::state;
    using action = lexer::action;

    void end_word(std::string_view word);
    void classify(std::string_view word);
    void act(action what, char byte, std::uint64_t offset);
    void feed_raw(char byte);
    void append_header(std::string_view text) {
        header_.append(text.substr(0, longest_name - std::min(longest_name, header_.size())));
    }

    Sink* sink_;
    scan_totals totals_;
    state state_ = state::line_start;
    bool cut_word_open_ = false;  // the last piece ended within a word; its beginning is in cut_word_
    std::string cut_word_;
    std::uint64_t comment_begin_ = 0;  // offset of the comment's first byte in the file
    std::string header_;
    std::string raw_closing_;      // )delimiter" of the raw string being read
    std::size_t raw_matched_ = 0;  // how much of it has been seen
};

template <class Sink>
void scanner<Sink>::feed(std::string_view piece) {
    const char* const begin = piece.data();
    const char* const end = begin + piece.size();
    const char* at = begin;
    const auto word_end = [end](const char* from) {
        return std::find_if_not(from, end, [](char byte) { return lexer::class_of(byte) == lexer::kind::word; });
    };

    if (cut_word_open_ && at != end) {
        const char* stop = word_end(at);
        const auto room = longest_name - std::min(longest_name, cut_word_.size());
        cut_word_.append(at, std::min(room, static_cast<std::size_t>(stop - at)));
        at = stop;
        if (at != end) {
            cut_word_open_ = false;
            end_word(cut_word_);
        }
    }
    // The state stays in a register: a member would be stored and loaded again for every byte.
    state now = state_;
    while (at != end) {
        const lexer::kind kind = lexer::class_of(*at);
        if (kind == lexer::kind::word) {
            const char* stop = word_end(at);
            const std::string_view word(at, static_cast<std::size_t>(stop - at));
            at = stop;
            if (at == end) {
                cut_word_.assign(word.substr(0, longest_name));
                cut_word_open_ = true;
            } else {
                state_ = now;
                end_word(word);
                now = state_;
            }
            continue;
        }
        const lexer::step next = lexer::next(now, kind);
        now = next.to;
        if (next.what != action::none) {
            state_ = now;
            act(next.what, *at, totals_.bytes + static_cast<std::uint64_t>(at - begin));
            now = state_;
        }
        ++at;
    }
    state_ = now;
    totals_.lines += static_cast<std::uint64_t>(std::count(begin, end, '\n'));
    totals_.bytes += piece.size();
}

template <class Sink>
scan_totals scanner<Sink>::finish() {
    if (cut_word_open_) {
        end_word(cut_word_);
    }
    if (lexer::in_comment(state_)) {
        totals_.comment_bytes += totals_.bytes - comment_begin_;
    }
    const scan_totals result = totals_;
    reset();
    return result;
}

template <class Sink>
void scanner<Sink>::end_word(std::string_view word) {
    if (word.front() < '0' || word.front() > '9') {
        totals_.identifiers += 1;
        sink_->word(word.substr(0, longest_name));
    }
    const lexer::step next = lexer::next(state_, lexer::kind::word);
    state_ = next.to;
    switch (next.what) {
        case action::none: break;
        case action::classify_word: classify(word); break;
        case action::read_directive:
            if (word == "include" || word == "include_next" || word == "import") {
                state_ = state::include;
            }
            break;
        case action::header_text: append_header(word); break;
        default:
            for (const char byte : word) {
                feed_raw(byte);
            }
    }
}

// A word in code matters for the quote that may follow it: R"( begins a raw string, and 1'000 no character.
template <class Sink>
void scanner<Sink>::classify(std::string_view word) {
    if (word.front() >= '0' && word.front() <= '9') {
        state_ = state::number;
    } else if (word.back() == 'R' && (word == "R" || word == "LR" || word == "uR" || word == "UR" || word == "u8R")) {
        state_ = state::raw_prefix;
    }
}

template <class Sink>
void scanner<Sink>::act(action what, char byte, std::uint64_t offset) {
    switch (what) {
        case action::open_comment: comment_begin_ = offset - 1; break;
        case action::close_line_comment: totals_.comment_bytes += offset - comment_begin_; break;
        case action::close_block_comment: totals_.comment_bytes += offset + 1 - comment_begin_; break;
        case action::open_header: header_.clear(); break;
        case action::header_text: append_header({&byte, 1}); break;
        case action::close_header: sink_->header(header_); break;
        case action::open_raw: raw_closing_.assign(1, ')'); break;
        default: feed_raw(byte);
    }
}

// Raw strings are rare, so their delimiter is matched byte by byte, outside the table.
template <class Sink>
void scanner<Sink>::feed_raw(char byte) {
    if (state_ == state::raw_delimiter) {
        if (byte == '(') {
            raw_closing_ += '"';
            raw_matched_ = 0;
            state_ = state::raw_body;
        } else if (raw_closing_.size() > 16 || byte == ')' || byte == '"' || byte == '\\' || byte == ' ' ||
                   byte == '\t' || byte == '\n') {
            // The language allows 16 characters and none of these: it was an ordinary string behind a macro named R.
            state_ = byte == '"'    ? state::code
                     : byte == '\\' ? state::string_escape
                     : byte == '\n' ? state::line_start
                                    : state::string;
        } else {
            raw_closing_ += byte;
        }
    } else if (state_ == state::raw_body) {
        raw_matched_ = byte == raw_closing_[raw_matched_] ? raw_matched_ + 1 : byte == ')' ? 1 : 0;
        if (raw_matched_ == raw_closing_.size()) {
            state_ = state::code;
        }
    }
}

}  // namespace census
