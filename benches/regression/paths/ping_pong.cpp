// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/actor.hpp>
#include <drover/metrics.hpp>
#include <drover/runtime.hpp>

#include <array>
#include <cstdint>
#include <future>
#include <utility>

#include "path.hpp"

// A program of its own: what else a source has changes what the compiler inlines, and so the count.
namespace benches::paths {
namespace {

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

constexpr std::array all{path{"dispatch/ping_pong", &ping_pong}};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
