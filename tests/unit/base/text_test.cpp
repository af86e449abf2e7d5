#include <drover/base/text.hpp>

#include <string>

#include <catch2/catch.hpp>

TEST_CASE("join_text puts pieces together") {
    const std::string name = "actor";
    CHECK(drover::join_text({}).empty());
    CHECK(drover::join_text({"one"}) == "one");
    CHECK(drover::join_text({"drover: ", name, " has ", std::to_string(3), ""}) == "drover: actor has 3");
}
