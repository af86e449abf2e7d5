#include <drover/base/type_name.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

namespace sample {
struct message {};
template <class T>
struct boxed {};
}  // namespace sample

TEST_CASE("type_name is what the compiler calls a type") {
    STATIC_REQUIRE(drover::type_name<int>() == "int");
    STATIC_REQUIRE(drover::type_name<double>() == "double");
    STATIC_REQUIRE(drover::type_name<sample::message>() == "sample::message");
    CHECK(drover::type_name<sample::boxed<sample::message>>() == "sample::boxed<sample::message>");
    const auto lambda = [] {};
    const std::string_view name = drover::type_name<decltype(lambda)>();
    CHECK(name.find("lambda") != std::string_view::npos);
}
