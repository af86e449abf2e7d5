// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace benches {

/// What the kernel counted for the threads of this process whose name begins with a prefix.
struct thread_usage {
    std::size_t threads = 0;
    std::uint64_t context_switches = 0;  ///< voluntary and involuntary
    std::uint64_t on_processor_ns = 0;
};

/// Reads /proc/self/task. A thread that ends meanwhile is left out. Throws std::filesystem::filesystem_error without
/// /proc.
inline thread_usage usage_of_threads(std::string_view name_prefix) {
    thread_usage usage;
    for (auto const& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (!name.starts_with(name_prefix)) continue;
        usage.threads += 1;
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            if (auto const at = line.find("voluntary_ctxt_switches:");
                at != std::string::npos)  // also "nonvoluntary_…"
                usage.context_switches += std::stoull(line.substr(line.find(':') + 1));
        }
        std::uint64_t on_processor = 0;
        std::ifstream(task.path() / "schedstat") >> on_processor;  // its first field, in nanoseconds
        usage.on_processor_ns += on_processor;
    }
    return usage;
}

/// Memory of this process that is in RAM now, in bytes.
inline std::uint64_t resident_bytes() {
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace benches
