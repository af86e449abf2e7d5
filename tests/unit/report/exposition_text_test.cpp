#include <drover/report/exposition_text.hpp>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

namespace {

template <class Number>
std::string text_of(Number number) {
    std::string text;
    drover::exposition::append_number(text, number);
    return text;
}

std::string time_of(std::chrono::nanoseconds since) {
    std::string text;
    drover::exposition::append_time(text, std::chrono::system_clock::time_point(
                                              std::chrono::duration_cast<std::chrono::system_clock::duration>(since)));
    return text;
}

std::string escaped(std::string_view raw, drover::exposition::quotes how = drover::exposition::quotes::escaped) {
    std::string text;
    drover::exposition::append_escaped(text, raw, how);
    return text;
}

}  // namespace

TEST_CASE("numbers have the form that Go gives them") {
    CHECK(text_of(0.0) == "0");
    CHECK(text_of(-0.0) == "-0");
    CHECK(text_of(1.0) == "1");
    CHECK(text_of(-2.5) == "-2.5");
    CHECK(text_of(0.1) == "0.1");
    CHECK(text_of(0.0001) == "0.0001");
    CHECK(text_of(0.00001) == "1e-05");
    CHECK(text_of(1.024e-06) == "1.024e-06");
    CHECK(text_of(100000.0) == "100000");
    CHECK(text_of(999999.5) == "999999.5");
    CHECK(text_of(1e6) == "1e+06");
    CHECK(text_of(-1234567.0) == "-1.234567e+06");
    CHECK(text_of(1e300) == "1e+300");
    CHECK(text_of(5e-324) == "5e-324");
    CHECK(text_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
    CHECK(text_of(-std::numeric_limits<double>::quiet_NaN()) == "NaN");
    CHECK(text_of(std::numeric_limits<double>::infinity()) == "+Inf");
    CHECK(text_of(-std::numeric_limits<double>::infinity()) == "-Inf");
    CHECK(text_of(std::uint64_t{0}) == "0");
    CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("every double is read back as itself") {
    drover::random_source random(1);
    for (int each = 0; each != 50'000; ++each) {
        // Half of all have any exponent, half one that is met.
        const double value =
            each % 2 == 0 ? std::bit_cast<double>(random.next())
                          : std::ldexp(static_cast<double>(random.next()), static_cast<int>(random.below(80)) - 100);
        if (!std::isnan(value)) {
            REQUIRE(std::strtod(text_of(value).c_str(), nullptr) == value);
        }
    }
}

TEST_CASE("times are seconds to the millisecond, before 1970 as well") {
    using namespace std::chrono_literals;
    CHECK(time_of(0s) == "0.000");
    CHECK(time_of(1520879607789ms) == "1520879607.789");
    CHECK(time_of(1520879607s) == "1520879607.000");
    CHECK(time_of(5ms + 999us) == "0.005");
    CHECK(time_of(-1ms) == "-0.001");
    CHECK(time_of(-1us) == "-0.001");
    CHECK(time_of(-1500ms) == "-1.500");
}

TEST_CASE("backslashes, ends of lines and quotes are escaped") {
    CHECK(escaped("") == "");
    CHECK(escaped("plain") == "plain");
    CHECK(escaped("a\\b\"c\nd") == "a\\\\b\\\"c\\nd");
    CHECK(escaped("a\\b\"c\nd", drover::exposition::quotes::plain) == "a\\\\b\"c\\nd");
    CHECK(escaped(std::string_view("\0\r\t", 3)) == std::string_view("\0\r\t", 3));
}

TEST_CASE("what is no UTF-8 becomes U+FFFD, a byte at a time") {
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(escaped("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x84") == "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x84");
    CHECK(escaped("a\xFFz") == "a" + bad + "z");
    CHECK(escaped("\xC3z") == bad + "z");
    CHECK(escaped("\xC3\"") == bad + "\\\"");
    CHECK(escaped("\xC3") == bad);
    CHECK(escaped("\xE2\x82") == bad + bad);
    CHECK(escaped("\xA4") == bad);
    CHECK(escaped("\xC0\x80") == bad + bad);                      // longer than it must be
    CHECK(escaped("\xED\xA0\x80") == bad + bad + bad);            // half of a pair of UTF-16
    CHECK(escaped("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // beyond the last character
    CHECK(escaped("\xEF\xBF\xBD") == bad);
}

TEST_CASE("characters are counted, not bytes") {
    CHECK(drover::exposition::characters_in("") == 0);
    CHECK(drover::exposition::characters_in("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x84z") == 4);
    CHECK(drover::exposition::characters_in("\xFF\xFF") == 2);
}

TEST_CASE("a text is appended as it is, but for bytes that are no characters") {
    std::string text = "a";
    drover::exposition::append_valid(text, "b\n\"");
    CHECK(text == "ab\n\"");
    drover::exposition::append_valid(text, "\xC3\xA4\xFFz");
    CHECK(text == "ab\n\"\xC3\xA4\xEF\xBF\xBDz");
}

TEST_CASE("whatever comes first, what a reader would take for its own is escaped") {
    const auto escaped = [](std::string_view raw, drover::exposition::quotes how) {
        std::string text;
        drover::exposition::append_escaped(text, raw, how);
        return text;
    };
    using drover::exposition::quotes;
    CHECK(escaped("a\nb", quotes::escaped) == "a\\nb");
    CHECK(escaped("\nb", quotes::plain) == "\\nb");
    CHECK(escaped("a\\b", quotes::plain) == "a\\\\b");
    CHECK(escaped("a\"b", quotes::plain) == "a\"b");
}
