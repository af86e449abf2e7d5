#include <drover/runtime/options.hpp>

#include <sched.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using drover::runtime_options;
using namespace std::chrono_literals;

namespace {

std::string refusal(const runtime_options& options) {
    try {
        drover::check(options);
        return "accepted";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

int first_processor() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    int each = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(each), &allowed)) {
        each += 1;
    }
    return each;
}

}  // namespace

TEST_CASE("the defaults are in range") {
    CHECK(refusal({}) == "accepted");
}

TEST_CASE("threads") {
    CHECK(refusal({.threads = 1}) == "accepted");
    CHECK(refusal({.threads = 1024}) == "accepted");
    CHECK(refusal({.threads = 1025}) ==
          "drover: runtime_options::threads is 1025; use 1 to 1024, or 0 for as many as this process may use");
}

TEST_CASE("quantum") {
    CHECK(refusal({.quantum = 1}) == "accepted");
    CHECK(refusal({.quantum = 1'000'000}) == "accepted");
    CHECK(refusal({.quantum = 0}) == "drover: runtime_options::quantum is 0; use 1 to 1000000 messages");
    CHECK(refusal({.quantum = 1'000'001}) == "drover: runtime_options::quantum is 1000001; use 1 to 1000000 messages");
}

TEST_CASE("quantum_time") {
    CHECK(refusal({.quantum_time = 1ns}) == "accepted");
    CHECK(refusal({.quantum_time = 0ns}) == "drover: runtime_options::quantum_time is 0 ns; use more than 0");
    CHECK(refusal({.quantum_time = -1us}) == "drover: runtime_options::quantum_time is -1000 ns; use more than 0");
}

TEST_CASE("stop_deadline") {
    CHECK(refusal({.stop_deadline = 0ns}) == "accepted");
    CHECK(refusal({.stop_deadline = -5ns}) == "drover: runtime_options::stop_deadline is -5 ns; use 0 or more");
}

TEST_CASE("affinity") {
    const std::string remedy =
        ", which this process may not use; name processors of its affinity mask (taskset -p shows it)";
    const std::string start = "drover: runtime_options::affinity names processor ";
    CHECK(refusal({.affinity = {first_processor(), first_processor()}}) == "accepted");
    CHECK(refusal({.affinity = {-1}}) == start + "-1" + remedy);
    CHECK(refusal({.affinity = {first_processor(), CPU_SETSIZE}}) == start + std::to_string(CPU_SETSIZE) + remedy);
    CHECK(refusal({.affinity = {CPU_SETSIZE - 1}}) == start + std::to_string(CPU_SETSIZE - 1) + remedy);
}
