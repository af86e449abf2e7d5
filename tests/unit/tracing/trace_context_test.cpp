#include <drover/tracing/trace_context.hpp>

#include <drover/base/text.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

namespace {

constexpr std::string_view good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

void refused(std::string_view header, const std::string& why) {
    CAPTURE(header);
    const auto result = drover::parse_traceparent(header);
    REQUIRE_FALSE(result);
    CHECK(result.error() ==
          "drover: '" + std::string(header) + "' is no traceparent: " + why + "; begin a trace of its own instead");
}

}  // namespace

TEST_CASE("a traceparent of version 00 is read, and written as it was") {
    const auto read = drover::parse_traceparent(good);
    REQUIRE(read);
    CHECK(read->trace == drover::trace_id{0x0af7651916cd43ddU, 0x8448eb211c80319cU});
    CHECK(read->span == drover::span_id{0xb7ad6b7169203331U});
    CHECK(read->flags == 1);
    CHECK(read->sampled());
    CHECK(read->valid());
    CHECK_FALSE(read->empty());
    CHECK(drover::to_traceparent(*read) == good);

    const auto not_sampled = drover::parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00");
    REQUIRE(not_sampled);
    CHECK_FALSE(not_sampled->sampled());
    CHECK(drover::to_traceparent(*not_sampled) == "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00");
}

TEST_CASE("of a traceparent's flags the sampled one is kept, and no other is told on") {
    for (const auto& [flags, sampled] :
         {std::pair("ff", true), std::pair("09", true), std::pair("08", false), std::pair("fe", false)}) {
        const auto read = drover::parse_traceparent(std::string(good.substr(0, 53)) + flags);
        REQUIRE(read);
        CHECK(read->sampled() == sampled);
        CHECK(drover::to_traceparent(*read).substr(53) == (sampled ? "01" : "00"));
    }
}

TEST_CASE("one half of an id may be zero, the whole may not") {
    CHECK(drover::parse_traceparent("00-00000000000000000000000000000001-0000000000000001-01"));
    CHECK(drover::parse_traceparent("00-00000000000000010000000000000000-8000000000000000-01"));
    refused("00-00000000000000000000000000000000-b7ad6b7169203331-01", "its trace id is 0");
    refused("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "its parent id is 0");
}

TEST_CASE("a later version is read as far as version 00 goes") {
    for (const char* version : {"01", "cc", "fe"}) {
        std::string header(good);
        header.replace(0, 2, version);
        CHECK(drover::parse_traceparent(header));
        CHECK(drover::parse_traceparent(header + "-"));
        CHECK(drover::parse_traceparent(header + "-what-the-future-will-be-like"));
        refused(header + ".what", "what a later version has more does not begin with '-'");
        refused(header + "0", "what a later version has more does not begin with '-'");
        refused(header.substr(0, 54), "it has 54 characters of at least 55");
        CHECK(drover::to_traceparent(*drover::parse_traceparent(header)) == good);
    }
    std::string header(good);
    header.replace(0, 2, "ff");
    refused(header, "there is no version ff");
    refused(header + "-more", "there is no version ff");
    refused(drover::join_text({good, "-more"}), "version 00 has 55 characters and no more");
    refused(drover::join_text({good, " "}), "version 00 has 55 characters and no more");
}

TEST_CASE("a traceparent that is none is refused by a sentence that says why") {
    refused("", "it has 0 characters of at least 55");
    refused("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "it has 52 characters of at least 55");
    for (const std::size_t place : {2U, 35U, 52U}) {
        std::string header(good);
        header[place] = '_';
        refused(header, "its four parts, of 2, 32, 16 and 2 characters, are not parted by '-'");
    }
    for (const std::size_t place : {0U, 1U, 3U, 18U, 19U, 34U, 36U, 51U, 53U, 54U}) {
        for (const char bad : {'A', 'F', 'g', '.', '-', ' ', '/', ':', '`', '@'}) {
            std::string header(good);
            header[place] = bad;
            refused(header, "its parts have other characters than 0 to 9 and a to f");
        }
    }
}

TEST_CASE("what is shown of a bad traceparent does no harm") {
    const std::string bytes = "00\n\r\x1b[2J\xff\0" + std::string(500, 'x');
    const std::string error = drover::parse_traceparent(bytes).error();
    CHECK(error.find("'00???[2J?") != std::string::npos);
    CHECK(error.find("xxx…' is no traceparent") != std::string::npos);
    CHECK(error.size() < 250);
}

TEST_CASE("any context comes back as it was sent") {
    drover::random_source random(1);
    for (int each = 0; each != 10'000; ++each) {
        const drover::trace_context context{{random.next(), random.next()},
                                            drover::span_id{random.next() | 1U},
                                            static_cast<std::uint8_t>(random.below(2))};
        CHECK(drover::parse_traceparent(drover::to_traceparent(context)).value() == context);
    }
}

TEST_CASE("a context without ids has no traceparent") {
    for (const drover::trace_context& each :
         {drover::trace_context{}, drover::trace_context{{1, 0}, drover::span_id::none, 1},
          drover::trace_context{{}, drover::span_id{1}, 1}}) {
        CHECK_FALSE(each.valid());
        CHECK_THROWS_AS(drover::to_traceparent(each), std::invalid_argument);
    }
    CHECK(drover::trace_context{}.empty());
    CHECK_FALSE(drover::trace_context{{}, {}, drover::trace_context::left_out_flag}.empty());
}
