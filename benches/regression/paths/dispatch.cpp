// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/actor.hpp>
#include <drover/metrics.hpp>
#include <drover/runtime.hpp>

#include <array>
#include <cstdint>
#include <future>

#include "path.hpp"

namespace benches::paths {
namespace {

struct adder {
    void operator()(std::uint64_t number) {
        sum += number;
        if (++seen == expected) finished->set_value(sum);
    }

    std::promise<std::uint64_t>* finished;
    std::uint64_t expected;
    std::uint64_t sum = 0;
    std::uint64_t seen = 0;
};

// Sends in portions, each from a handler of its own, so that the one worker comes to the receiver in between.
template <class Target>
struct portioner {
    struct next {};

    template <class Context>
    void operator()(next, Context& me) {
        for (int each = 0; each != 64 && left != 0; ++each, --left) target.tell(left);
        if (left != 0) me.template self<portioner>().tell(next{});
    }

    Target target;
    std::uint64_t left;
};

/// One actor tells another, which handles it, on one worker: send, schedule, pop, dispatch, give the memory back.
bool tell_and_handle(std::uint64_t times) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = 1});
    auto const target = rt.spawn<adder>(&finished, times);
    rt.spawn<portioner<drover::ref<adder>>>(target, times).tell(portioner<drover::ref<adder>>::next{});
    return finished.get_future().get() == times * (times + 1) / 2;
}

constexpr std::array all{path{"dispatch/tell_and_handle", &tell_and_handle}};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
