#include <drover/routing/address.hpp>

#include <stdexcept>
#include <string>
#include <unordered_set>

#include <catch2/catch.hpp>

using drover::address;
using drover::name_view;

TEST_CASE("an address keeps its text and hash") {
    const address name("orders/eu/12");
    CHECK(name.text() == "orders/eu/12");
    CHECK(name.to_string() == "orders/eu/12");
    CHECK(name.hash() == drover::hash_name("orders/eu/12"));
    CHECK(name.hash() == name_view("orders/eu/12").hash());
    CHECK(name.hash() == name_view(name).hash());
    CHECK_FALSE(name.is_anonymous());
    CHECK(std::hash<address>{}(name) == name.hash());
}

TEST_CASE("addresses compare by their bytes") {
    CHECK(address("a/b") == address("a/b"));
    CHECK(address("a/b") != address("a/c"));
    CHECK(address("a/b") < address("a/c"));
    const std::unordered_set<address> all{address("x"), address("y"), address("x")};
    CHECK(all.size() == 2);
}

TEST_CASE("good names") {
    for (const std::string text :
         {"a", "a/b/c", "h\xc3\xa9llo/\xe2\x82\xac/\xf0\x9f\x90\x84", "with space", "a#b", "~"}) {
        CAPTURE(text);
        CHECK(address(text).text() == text);
        CHECK(address::parse(text));
    }
    CHECK(address(std::string(255, 'x')).text().size() == 255);
}

TEST_CASE("bad names are refused with one sentence each") {
    const auto sentence = [](std::string_view text) {
        try {
            static_cast<void>(address(text));
        } catch (const std::invalid_argument& error) {
            const auto parsed = address::parse(text);
            CHECK_FALSE(parsed);
            CHECK(parsed.error() == error.what());
            return std::string(error.what());
        }
        return std::string("no exception");
    };
    CHECK(sentence("") == "drover: the address is empty; use segments joined by slashes, such as orders/eu/12");
    CHECK(sentence(std::string(256, 'x')) == "drover: an address has 256 bytes; use at most 255");
    CHECK(sentence("ab\xff") == "drover: an address of 3 bytes is no UTF-8 from byte 2 on; encode names in UTF-8");
    CHECK(
        sentence("a//b") ==
        "drover: the address \"a//b\" has an empty segment at byte 2; put text before, between and after its slashes");
    CHECK(sentence("/a") ==
          "drover: the address \"/a\" has an empty segment at byte 0; put text before, between and after its slashes");
    CHECK(sentence("a/") ==
          "drover: the address \"a/\" has an empty segment at byte 1; put text before, between and after its slashes");
    CHECK(sentence("/").find("empty segment at byte 0") != std::string::npos);
    CHECK(sentence("a\nb") ==
          "drover: an address of 3 bytes has a control character at byte 1; use characters that can be seen");
    CHECK(sentence("#4") ==
          "drover: the address \"#4\" begins with #, which is reserved for actors without a name; leave it out");
}

TEST_CASE("no UTF-8 is told by where it begins to be wrong") {
    struct sample {
        std::string text;
        std::string at;
    };
    for (const sample& each :
         {sample{"a\xc0\x80", "byte 1"}, sample{"\xe0\x80\x80", "byte 0"}, sample{"ab\xed\xa0\x80", "byte 2"},
          sample{"\xf4\x90\x80\x80", "byte 0"}, sample{"\xf5\x80\x80\x80", "byte 0"}, sample{"x\xe2\x82", "byte 1"},
          sample{"\x80", "byte 0"}, sample{"\xc3", "byte 0"}}) {
        CAPTURE(each.at);
        const auto parsed = address::parse(each.text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().find("no UTF-8 from " + each.at) != std::string::npos);
    }
    for (const std::string& text : {std::string("\x7f"), std::string("a\0b", 3), std::string("\xc2\x85")}) {
        REQUIRE_FALSE(address::parse(text));
        CHECK(address::parse(text).error().find("control character") != std::string::npos);
    }
}

TEST_CASE("anonymous addresses are made from an id and pass as names") {
    const address name = address::of(drover::actor_id{42});
    CHECK(name.text() == "#42");
    CHECK(name.is_anonymous());
    CHECK_NOTHROW(name_view("#42").check());
    CHECK_NOTHROW(name_view(name).check());
    CHECK_THROWS_AS(name_view("#4x").check(), std::invalid_argument);
    CHECK_THROWS_AS(name_view("#").check(), std::invalid_argument);
}
