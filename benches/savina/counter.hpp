// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace benches {

struct increment {};
struct retrieve {};

/// The receiver of both counting workloads.
struct counter {
    void operator()(increment) { ++count_; }
    std::uint64_t operator()(retrieve) const { return count_; }

    std::uint64_t count_ = 0;
};

}  // namespace benches
