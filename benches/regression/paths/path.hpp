// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace benches::paths {

/// A path whose instructions gate A counts. Does `times` operations of one kind, always the same ones, in this thread
/// or in threads that never wait for one another; false if the answer was wrong.
struct path {
    std::string_view name;
    bool (*run)(std::uint64_t times);
};

/// The value and all memory are used, as far as the optimiser can tell.
template <class T>
void keep(T const& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

/// Without arguments: the names. With NAME TIMES: runs one, and ends with status 1 if its answer was wrong.
inline int main_of(std::span<path const> all, int argc, char** argv) {
    if (argc == 1) {
        for (path const& each : all) std::printf("%.*s\n", static_cast<int>(each.name.size()), each.name.data());
        return 0;
    }
    for (path const& each : all) {
        if (argc != 3 || each.name != argv[1]) continue;
        if (each.run(std::strtoull(argv[2], nullptr, 10))) return 0;
        std::fprintf(stderr, "%s: the answer was wrong.\n", argv[1]);
        return 1;
    }
    std::fprintf(stderr, "wanted: no arguments, or the name of a path and how many times.\n");
    return 2;
}

}  // namespace benches::paths
