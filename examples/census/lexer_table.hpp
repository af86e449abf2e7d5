// The scanner's table: what a kind of byte does in a state. Built at compile time from rules one can read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace census::lexer {

/// Kinds of bytes; `word` stands for a whole run of [A-Za-z0-9_], which moves the table by one step.
enum class kind : std::uint8_t {
    word,
    other,
    newline,
    blank,
    carriage_return,
    slash,
    star,
    quote,
    apostrophe,
    backslash,
    hash,
    less,
    greater,
};
inline constexpr std::size_t kinds = 16;  // 13 and some room: a row that is a power of two long is found by a shift

enum class state : std::uint8_t {
    line_start,  // nothing but blanks since the newline: a # begins a directive
    code,
    number,        // right behind a word that begins with a digit
    number_mark,   // behind the apostrophe in 1'000
    raw_prefix,    // right behind R, LR, uR, UR or u8R
    splice,        // behind a backslash in code
    slash,         // behind a / that may begin a comment
    hash,          // behind the # of a directive
    include,       // behind #include
    header_angle,  // within <…>
    header_quote,  // within "…"
    line_comment,
    line_comment_splice,
    block_comment,
    block_comment_star,
    string,
    string_escape,
    character,
    character_escape,
    raw_delimiter,
    raw_body,
};
inline constexpr std::size_t states = 21;

enum class action : std::uint8_t {
    none,
    open_comment,
    close_line_comment,
    close_block_comment,
    open_header,
    header_text,
    close_header,
    open_raw,
    raw_text,
    classify_word,
    read_directive,
};

struct step {
    state to;
    action what = action::none;
};

using row = std::array<step, kinds>;

constexpr std::array<kind, 256> make_classes() {
    std::array<kind, 256> result{};
    for (std::size_t byte = 0; byte != 256; ++byte) {
        const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
        result[byte] = letter || (byte >= '0' && byte <= '9') ? kind::word : kind::other;
    }
    result['\n'] = kind::newline;
    result[' '] = result['\t'] = result['\v'] = result['\f'] = kind::blank;
    result['\r'] = kind::carriage_return;
    result['/'] = kind::slash;
    result['*'] = kind::star;
    result['"'] = kind::quote;
    result['\''] = kind::apostrophe;
    result['\\'] = kind::backslash;
    result['#'] = kind::hash;
    result['<'] = kind::less;
    result['>'] = kind::greater;
    return result;
}

constexpr std::array<row, states> make_table() {
    std::array<row, states> table{};
    const auto in = [&table](state where) -> row& { return table[static_cast<std::size_t>(where)]; };
    const auto on = [&table](state where, kind what) -> step& {
        return table[static_cast<std::size_t>(where)][static_cast<std::size_t>(what)];
    };

    // Code, and all that stands in code: what a row does not say itself is what plain code does.
    in(state::code).fill({state::code});
    on(state::code, kind::word) = {state::code, action::classify_word};
    on(state::code, kind::newline) = {state::line_start};
    on(state::code, kind::slash) = {state::slash};
    on(state::code, kind::quote) = {state::string};
    on(state::code, kind::apostrophe) = {state::character};
    on(state::code, kind::backslash) = {state::splice};
    for (const state where : {state::line_start, state::number, state::number_mark, state::raw_prefix, state::splice,
                              state::slash, state::hash, state::include}) {
        in(where) = in(state::code);
    }
    on(state::line_start, kind::blank) = {state::line_start};
    on(state::line_start, kind::carriage_return) = {state::line_start};
    on(state::line_start, kind::hash) = {state::hash};
    on(state::number, kind::apostrophe) = {state::number_mark};
    on(state::number_mark, kind::word) = {state::number};
    on(state::raw_prefix, kind::quote) = {state::raw_delimiter, action::open_raw};
    on(state::splice, kind::carriage_return) = {state::splice};
    on(state::splice, kind::newline) = {state::code};
    on(state::slash, kind::slash) = {state::line_comment, action::open_comment};
    on(state::slash, kind::star) = {state::block_comment, action::open_comment};
    on(state::hash, kind::blank) = {state::hash};
    on(state::hash, kind::word) = {state::code, action::read_directive};
    on(state::include, kind::blank) = {state::include};
    on(state::include, kind::less) = {state::header_angle, action::open_header};
    on(state::include, kind::quote) = {state::header_quote, action::open_header};

    // A header name may hold // and ', which mean nothing there; without its partner it ends with the line.
    for (const state where : {state::header_angle, state::header_quote}) {
        in(where).fill({where, action::header_text});
        on(where, kind::newline) = {state::line_start};
    }
    on(state::header_angle, kind::greater) = {state::code, action::close_header};
    on(state::header_quote, kind::quote) = {state::code, action::close_header};

    in(state::line_comment).fill({state::line_comment});
    on(state::line_comment, kind::newline) = {state::line_start, action::close_line_comment};
    on(state::line_comment, kind::backslash) = {state::line_comment_splice};
    in(state::line_comment_splice).fill({state::line_comment});
    on(state::line_comment_splice, kind::backslash) = {state::line_comment_splice};
    on(state::line_comment_splice, kind::carriage_return) = {state::line_comment_splice};

    in(state::block_comment).fill({state::block_comment});
    on(state::block_comment, kind::star) = {state::block_comment_star};
    in(state::block_comment_star) = in(state::block_comment);
    on(state::block_comment_star, kind::slash) = {state::code, action::close_block_comment};

    const auto literal = [&](state within, state escaped, kind closing) {
        in(within).fill({within});
        on(within, closing) = {state::code};
        on(within, kind::newline) = {state::line_start};
        on(within, kind::backslash) = {escaped};
        in(escaped).fill({within});
        on(escaped, kind::carriage_return) = {escaped};
    };
    literal(state::string, state::string_escape, kind::quote);
    literal(state::character, state::character_escape, kind::apostrophe);

    in(state::raw_delimiter).fill({state::raw_delimiter, action::raw_text});
    in(state::raw_body).fill({state::raw_body, action::raw_text});
    return table;
}

inline constexpr std::array<kind, 256> classes = make_classes();
inline constexpr std::array<row, states> table = make_table();

constexpr kind class_of(char byte) {
    return classes[static_cast<unsigned char>(byte)];
}

constexpr step next(state where, kind what) {
    return table[static_cast<std::size_t>(where)][static_cast<std::size_t>(what)];
}

constexpr bool in_comment(state where) {
    return where >= state::line_comment && where <= state::block_comment_star;
}

/// Where a whole text leads, for the assertions below; words inside it are taken as plain words.
constexpr state after(std::string_view text) {
    state where = state::line_start;
    for (std::size_t at = 0; at != text.size(); ++at) {
        const kind what = class_of(text[at]);
        if (what == kind::word && at + 1 != text.size() && class_of(text[at + 1]) == kind::word) {
            continue;
        }
        where = next(where, what).to;
    }
    return where;
}
static_assert(after("x; // y") == state::line_comment);
static_assert(after("// y \\\n z") == state::line_comment);
static_assert(after("/* * / **") == state::block_comment_star);
static_assert(after("/* // */") == state::code);
static_assert(after("\"/* \\\" // ") == state::string);
static_assert(after("'\"'") == state::code);
static_assert(after("a / b") == state::code);
static_assert(after(" \t#") == state::hash);
static_assert(after("x #") == state::code);
static_assert(after("don't\n") == state::line_start);

}  // namespace census::lexer
