#include <drover/runtime/sinks.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "support/capture.hpp"

using namespace drover;
using namespace std::chrono_literals;

namespace {

constexpr dead_letter letter{dead_letter_reason::stopped, "order", "waiter", actor_id{7}};

}  // namespace

TEST_CASE("describe says what an exception says of itself") {
    CHECK(describe(nullptr) == "no exception");
    CHECK(describe(std::make_exception_ptr(std::runtime_error("the oven is cold"))) == "the oven is cold");
    CHECK(describe(std::make_exception_ptr(42)) == "an exception that is no std::exception");
}

TEST_CASE("the dead-letter printer writes one line a second and counts the others") {
    manual_clock clock;
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    dead_letter_printer print(clock, file);
    const std::string line = "drover: dead letter (stopped): order to waiter #7";

    print(letter);
    CHECK(drover_test::contents(file) == line + "\n");
    print(letter);
    clock.advance(999'999'999ns);
    print(letter);
    print(letter);
    CHECK(drover_test::contents(file) == line + "\n");
    clock.advance(1ns);
    print({dead_letter_reason::no_target, "bill", "", actor_id::none});
    const std::string second = "drover: dead letter (no_target): bill to  #0, and 3 more since the last line\n";
    CHECK(drover_test::contents(file) == line + "\n" + second);
    clock.advance(1s);
    print(letter);
    CHECK(drover_test::contents(file) == line + "\n" + second + line + "\n");
    std::fclose(file);
}

TEST_CASE("the dead-letter printer writes to standard error unless told otherwise") {
    manual_clock clock;
    dead_letter_printer print(clock);
    CHECK(drover_test::standard_error_of([&] { print(letter); }) ==
          "drover: dead letter (stopped): order to waiter #7\n");
}

TEST_CASE("a failure is a line on standard error") {
    const failure what{"cook", actor_id{3}, "soup", std::make_exception_ptr(std::runtime_error("too hot"))};
    CHECK(drover_test::standard_error_of([&] { print_failure(what); }) == "drover: cook #3 failed in soup: too hot\n");
}
