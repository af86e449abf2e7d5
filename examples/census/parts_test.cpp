// The parts of the census that need no actors: the scanner cut at every byte, and files that change under the parser.
#include "file_parser.hpp"
#include "names.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "scan.hpp"
#include "tally.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

int failures = 0;

template <class Got, class Wanted>
void expect(std::string_view what, const Got& got, const Wanted& wanted) {
    if (!(got == wanted)) {
        fmt::print("{}: got {}, not {}\n", what, got, wanted);
        failures += 1;
    }
}

struct recorder {
    std::string words;
    std::string headers;
    void word(std::string_view text) { words.append(text).append(" "); }
    void header(std::string_view text) { headers.append(text).append(" "); }
};

struct sample {
    std::string_view text;
    std::uint64_t comment_bytes;
    std::string_view words;
    std::string_view headers = "";
};

// The expected words are what `LC_ALL=C grep -ohawE '[A-Za-z_][A-Za-z0-9_]*'` prints for the text.
constexpr std::string_view nul_inside("a\0b\n", 4);
const sample samples[] = {
    {"", 0, ""},
    {"int x; // two words\n", 12, "int x two words "},
    {"// no newline at the end", 24, "no newline at the end "},
    {"// spliced \\\n still comment\nx", 27, "spliced still comment x "},
    {"// spliced \\\r\n still\r\nx", 21, "spliced still x "},
    {"// not spliced \\ \nx", 17, "not spliced x "},
    {"a /* b */ c", 7, "a b c "},
    {"a /**/ b /***/ c /* * / **/", 4 + 5 + 10, "a b c "},
    {"/* never closed\n", 16, "never closed "},
    {"/*/ x */ y", 8, "x y "},
    {"a / b / /* c */", 7, "a b c "},
    {"a //* b\nc */", 5, "a b c "},
    {"\"// no /* comment\" x", 0, "no comment x "},
    {R"("a\"// no" // yes)", 6, "a no yes "},
    {"\"a\\\n// no\" // yes", 6, "a no yes "},
    {"\"open\n// yes", 6, "open yes "},
    {"'\"' // yes '\"'", 10, "yes "},
    {"'\\'' // yes", 6, "yes "},
    {"L'\"' u8'/' // yes", 6, "L u8 yes "},
    {"#error don't\n// yes", 6, "error don t yes "},
    {"1'000'000 // yes", 6, "yes "},
    {"0x1F'ab'FF // yes", 6, "ab FF yes "},
    {"R\"(// no \" )\" // yes", 6, "R no yes "},
    {"u8R\"x(// )\" )y\" )x\" // yes", 6, "u8R x y x yes "},
    {"R\"xx()x)xxx)xx\" // yes", 6, "R xx x xxx xx yes "},
    {"fooR\"(\" // yes", 6, "fooR yes "},
    {"R\"not raw\" // yes", 6, "R not raw yes "},
    {"R\"12345678901234567(\" // yes", 6, "R yes "},
    {"R\"\\\"// no\" // yes", 6, "R no yes "},
    {"0x1F 123abc 1.0f 1e5 _1 1_ a1 9", 0, "_1 a1 "},
    {"caf\xc3\xa9 \xff"
     "a\x80",
     0, "caf a "},
    {"x\ry\r\n", 0, "x y "},
    {nul_inside, 0, "a b "},
    {"#include <a/b.h>\n  # include \"c.h\" // d\n", 4, "include a b h include c h d ", "a/b.h c.h "},
    {"#include_next <x>\n#import <y>\n#includes <z>\n", 0, "include_next x import y includes z ", "x y "},
    {"#include <a//b'c>\n// yes", 6, "include a b c yes ", "a//b'c "},
    {"#include MACRO\n#include <open\nx #include <no>\n", 0, "include MACRO include open x include no ", ""},
    {"#include <>\n", 0, "include ", " "},
    {"// #include <no>\n/* \n#include <no> */", 16 + 20, "include no include no ", ""},
    {"#define A \\\n#include <no>\n", 0, "define A include no ", ""},
    {"\"\n#include <yes>\n", 0, "include yes ", "yes "},
};

void scan_samples() {
    for (const sample& one : samples) {
        for (std::size_t first = 0; first <= one.text.size(); ++first) {
            for (std::size_t second = first; second <= one.text.size(); second += first % 3 + 1) {
                recorder seen;
                census::scanner<recorder> scanner(seen);
                scanner.feed(one.text.substr(0, first));
                scanner.feed(one.text.substr(first, second - first));
                scanner.feed(one.text.substr(second));
                const census::scan_totals got = scanner.finish();
                const std::string what = fmt::format("'{}' cut at {} and {}", one.text, first, second);
                expect(what + ", comment bytes", got.comment_bytes, one.comment_bytes);
                expect(what + ", words", seen.words, one.words);
                expect(what + ", headers", seen.headers, one.headers);
                expect(what + ", bytes", got.bytes, one.text.size());
            }
        }
    }
}

// Whatever the bytes, pieces of any size give what one piece gives.
void scan_noise() {
    std::mt19937 random(7);
    constexpr std::string_view alphabet = "aR_019\"\"'/*\\\n\r #<>()include \xc3\xa9";
    for (int round = 0; round != 2000; ++round) {
        std::string text;
        for (std::size_t size = random() % 200; text.size() != size;) {
            text += alphabet[random() % alphabet.size()];
        }
        recorder whole;
        census::scanner<recorder> at_once(whole);
        at_once.feed(text);
        const census::scan_totals wanted = at_once.finish();
        recorder pieces;
        census::scanner<recorder> by_pieces(pieces);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = 1 + random() % 9;
            by_pieces.feed(std::string_view(text).substr(at, size));
            at += size;
        }
        const census::scan_totals got = by_pieces.finish();
        expect("noise, comment bytes", got.comment_bytes, wanted.comment_bytes);
        expect("noise, lines", got.lines, wanted.lines);
        expect("noise, words", pieces.words, whole.words);
        expect("noise, headers", pieces.headers, whole.headers);
    }
}

class folder {
public:
    folder() {
        path_ = std::filesystem::temp_directory_path() / fmt::format("census-parts-{}", ::getpid());
        std::filesystem::create_directory(path_);
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string with(const std::string& name, std::string_view text) const {
        const std::string path = path_ / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    std::string at(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

void finish(census::file_parser& parser) {
    while (parser.busy()) {
        parser.advance();
    }
}

// Each file is read in two or more buffers, and something happens between the first and the second.
void files_that_change() {
    using census::skip_reason;
    const folder here;
    census::file_parser parser(3);
    const std::string big(census::file_parser::buffer_size + 1000, 'x');

    const auto during = [&](const std::string& name, auto happens) {
        const std::string path = here.with(name, "once " + big + "\n");
        parser.open(path);
        parser.advance();
        expect(name + ": open after the first buffer", parser.busy(), true);
        happens(path);
        finish(parser);
    };
    during("grows.h", [](const std::string& path) { std::ofstream(path, std::ios::binary | std::ios::app) << "more"; });
    during("shrinks.h", [](const std::string& path) { std::filesystem::resize_file(path, 10); });
    during("rewritten.h", [](const std::string& path) {
        const timespec times[2] = {{1, 0}, {1, 0}};
        ::utimensat(AT_FDCWD, path.c_str(), times, 0);
    });
    during("vanishes.h", [](const std::string& path) { std::filesystem::remove(path); });

    parser.open(here.at("never.h"));
    ::mkfifo(here.at("fifo.h").c_str(), 0600);
    parser.open(here.at("fifo.h"));
    std::filesystem::create_symlink("good.h", here.at("link.h"));
    parser.open(here.at("link.h"));
    std::filesystem::create_directory(here.at("directory.h"));
    parser.open(here.at("directory.h"));
    expect("nothing of these is open", parser.busy(), false);

    parser.open(here.with("early.h", "a" + std::string(8190, ' ') + std::string(1, '\0')));
    finish(parser);
    parser.open(here.with("late.h", "late" + std::string(8188, ' ') + std::string(1, '\0') + "after\n"));
    finish(parser);
    parser.open(here.with("good.h", "good /* " + big + " */\n"));
    finish(parser);
    parser.open(here.with("empty.h", ""));
    finish(parser);
    parser.open(here.with("exact.h", std::string(census::file_parser::buffer_size, '\n')));
    finish(parser);
    parser.open(here.with("forgotten.h", "forgotten " + big));
    parser.advance();
    parser.abandon();

    census::tally all = parser.take();
    expect("changed", all.skipped[skip_reason::changed], 4U);
    expect("vanished", all.skipped[skip_reason::vanished], 2U);
    expect("special", all.skipped[skip_reason::special], 1U);
    expect("link", all.skipped[skip_reason::link], 1U);
    expect("binary", all.skipped[skip_reason::binary], 1U);
    expect("skipped", all.skipped.total(), 9U);
    expect("files", all.files, 4U);
    expect("lines", all.totals.lines, 2U + census::file_parser::buffer_size);
    expect("identifiers", all.totals.identifiers, 4U);
    expect("different identifiers", all.words.distinct(), 4U);
    expect("comment bytes", all.totals.comment_bytes, big.size() + 6);
    expect("long names are cut", all.words.top(9).at(3).name.size(), census::longest_name);
    expect("largest files", all.largest.size(), 3U);
}

void texts() {
    expect("utf-8", census::is_utf8("h\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x91"), true);
    for (const std::string_view bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        expect("not utf-8", census::is_utf8(bad), false);
    }
    expect("json", census::json_text("a\"b\\c\nd\xff\xc3\xa4\x7f"), "a\\\"b\\\\c\\u000ad\\ufffd\xc3\xa4\\u007f");
    expect("plain", census::plain_text("a\x1b[2Jb\xff\xc2\x9b\xc3\xa4"), "a\\x1b[2Jb\\xff\\xc2\\x9b\xc3\xa4");
    expect("grouped", census::grouped(1234567), "1 234 567");
    expect("grouped", census::grouped(123), "123");
    for (const char* name :
         {"a.c", "a.h", "a.cc", "a.cpp", "a.cxx", "a.hh", "a.hpp", "a.hxx", "a.ipp", "a.inl", "a.tcc"}) {
        expect(name, census::is_source_name(name), true);
    }
    for (const char* name : {"a", "ah", "a.H", "a.hpp.in", "a.py", "h"}) {
        expect(name, census::is_source_name(name), false);
    }
}

void shares() {
    std::vector<census::work_share> done{{"parser/10", 1, 0, 60}, {"parser/9", 5, 0, 20}, {"parser/2", 0, 0, 10}};
    census::put_in_order(done);
    expect("in order", fmt::format("{} {} {}", done[0].parser, done[1].parser, done[2].parser),
           "parser/2 parser/9 parser/10");
    expect("largest over mean", census::largest_over_mean(done), 2.0);
    expect("nothing to share", census::largest_over_mean({}), 1.0);
    expect("nothing read", census::largest_over_mean({{"parser/0", 0, 0, 0}}), 1.0);
}

void progress_lines() {
    census::progress now{.seconds = 2,
                         .files = 500,
                         .bytes = 50'000'000,
                         .total_files = 1000,
                         .total_bytes = 100'000'000,
                         .surveyed = true,
                         .waiting = 64};
    expect("line", census::progress_line(now, 200),
           "[####################....................]  50 %  500 of 1 000 files  25 MB/s  queue 64  2 s left");
    for (std::size_t width = 1; width != 120; ++width) {
        expect("fits", census::progress_line(now, width).size() <= width, true);
    }
    now.bytes *= 3;
    expect("never above all", census::progress_line(now, 200).find("100 %") != std::string::npos, true);
    now.surveyed = false;
    expect("unknown end", census::progress_line(now, 200).find("counting") != std::string::npos, true);
    expect("nothing yet", census::progress_line({}, 60).empty(), false);
}

}  // namespace

int main() {
    scan_samples();
    scan_noise();
    files_that_change();
    texts();
    shares();
    progress_lines();
    fmt::print("{}\n", failures == 0 ? "all parts good" : fmt::format("{} failures", failures));
    return failures == 0 ? 0 : 1;
}
