// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/actor.hpp>
#include <drover/metrics.hpp>
#include <drover/runtime.hpp>

#include <array>
#include <cstdint>
#include <future>
#include <utility>

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

struct player {
    struct meet {
        drover::ref<player> other;
    };
    struct ball {
        std::uint64_t left;
    };

    void operator()(meet m) { other = std::move(m.other); }
    void operator()(ball b) {
        ++seen;
        if (b.left == 0)
            finished->set_value(seen);
        else
            other.tell(ball{b.left - 1});
    }

    std::promise<std::uint64_t>* finished;
    drover::ref<player> other{};
    std::uint64_t seen = 0;
};

/// Two actors throw one ball to and fro on one worker: each finds the other idle, so a throw also wakes and goes idle.
bool ping_pong(std::uint64_t times) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = 1});
    auto const ping = rt.spawn<player>(&finished);
    auto const pong = rt.spawn<player>(&finished);
    ping.tell(player::meet{pong});
    pong.tell(player::meet{ping});
    ping.tell(player::ball{times - 1});
    return finished.get_future().get() == times / 2;
}

constexpr std::array all{path{"dispatch/tell_and_handle", &tell_and_handle}, path{"dispatch/ping_pong", &ping_pong}};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
