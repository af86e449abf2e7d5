#pragma once

/// The version of the headers, as CMake's package reports it. A program may compare `DROVER_VERSION` in `#if`.
#define DROVER_VERSION_MAJOR 0
#define DROVER_VERSION_MINOR 1
#define DROVER_VERSION_PATCH 0
#define DROVER_VERSION (DROVER_VERSION_MAJOR * 10000 + DROVER_VERSION_MINOR * 100 + DROVER_VERSION_PATCH)

namespace drover {

struct version_number {
    int major;
    int minor;
    int patch;
};

inline constexpr version_number version{DROVER_VERSION_MAJOR, DROVER_VERSION_MINOR, DROVER_VERSION_PATCH};

}  // namespace drover
