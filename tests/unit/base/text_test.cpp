#include <drover/base/text.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

TEST_CASE("join_text puts pieces together in order") {
    const std::string name = "orders";
    CHECK(drover::join_text({}).empty());
    CHECK(drover::join_text({"actor ", name, std::string_view(), " has ", std::to_string(3)}) == "actor orders has 3");
}
