#pragma once

#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "drover/base/text.hpp"

namespace drover {

namespace detail {

// A small text file whole, or nothing.
inline std::optional<std::string> read_text(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) {
        return std::nullopt;
    }
    std::string text;
    char part[512];
    for (std::size_t size = std::fread(part, 1, sizeof part, file); size != 0;
         size = std::fread(part, 1, sizeof part, file)) {
        text.append(part, size);
    }
    std::fclose(file);
    return text;
}

inline std::optional<double> read_number(const std::string& text) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    return end == text.c_str() ? std::nullopt : std::optional(number);
}

// Version 2: "max 100000", or "150000 100000" for one and a half processors.
inline std::optional<double> limit_of_v2(const std::string& folder) {
    const std::optional<std::string> text = read_text(join_text({folder, "/cpu.max"}));
    if (!text || text->rfind("max", 0) == 0) {
        return std::nullopt;
    }
    const std::optional<double> quota = read_number(*text);
    const std::size_t space = text->find(' ');
    const std::optional<double> period =
        space == std::string::npos ? std::optional(100000.0) : read_number(text->substr(space));
    return quota && period && *quota > 0 && *period > 0 ? std::optional(*quota / *period) : std::nullopt;
}

// Version 1: two files; a quota of -1 is none.
inline std::optional<double> limit_of_v1(const std::string& folder) {
    const std::optional<std::string> quota_text = read_text(join_text({folder, "/cpu.cfs_quota_us"}));
    const std::optional<std::string> period_text = read_text(join_text({folder, "/cpu.cfs_period_us"}));
    if (!quota_text || !period_text) {
        return std::nullopt;
    }
    const std::optional<double> quota = read_number(*quota_text);
    const std::optional<double> period = read_number(*period_text);
    return quota && period && *quota > 0 && *period > 0 ? std::optional(*quota / *period) : std::nullopt;
}

inline void keep_lower(std::optional<double>& lowest, std::optional<double> found) {
    if (found && (!lowest || *found < *lowest)) {
        lowest = found;
    }
}

// The limit of a group and of every group above it: the lowest counts.
inline std::optional<double> lowest_limit(const std::string& mount, std::string path,
                                          std::optional<double> (*limit_of)(const std::string&)) {
    std::optional<double> lowest;
    for (;;) {
        keep_lower(lowest, limit_of(join_text({mount, path})));
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos || path.empty()) {
            return lowest;
        }
        path.resize(slash);
    }
}

}  // namespace detail

/// The processors that the control groups (version 1 or 2) of this process allow, as a fraction; nothing if there is no
/// limit. Reads the files below `root`, which ends without a slash and is empty for the real ones. Never throws but
/// std::bad_alloc: what cannot be read does not limit.
inline std::optional<double> cgroup_cpu_limit(const std::string& root) {
    std::optional<double> lowest;
    const std::string groups = detail::read_text(join_text({root, "/proc/self/cgroup"})).value_or(std::string());
    const std::string mount = join_text({root, "/sys/fs/cgroup"});
    for (std::size_t begin = 0; begin < groups.size();) {
        const std::size_t end = std::min(groups.find('\n', begin), groups.size());
        const std::string line = groups.substr(begin, end - begin);
        begin = end + 1;
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = join_text({",", line.substr(first + 1, second - first - 1), ","});
        const std::string path = line.substr(second + 1) == "/" ? std::string() : line.substr(second + 1);
        if (controllers == ",,") {
            detail::keep_lower(lowest, detail::lowest_limit(mount, path, &detail::limit_of_v2));
            detail::keep_lower(lowest,
                               detail::lowest_limit(join_text({mount, "/unified"}), path, &detail::limit_of_v2));
        } else if (controllers.find(",cpu,") != std::string::npos) {
            for (const char* each : {"/cpu", "/cpu,cpuacct"}) {
                detail::keep_lower(lowest, detail::lowest_limit(join_text({mount, each}), path, &detail::limit_of_v1));
            }
        }
    }
    return lowest;
}

/// Processors in the calling thread's affinity mask; at least 1.
inline std::size_t affinity_count() noexcept {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return 1;
    }
    const int count = CPU_COUNT(&allowed);
    return count > 0 ? static_cast<std::size_t>(count) : 1;
}

/// How many workers are worth having: what affinity allows, and no more than the control groups' limit rounded up.
inline std::size_t default_worker_count(const std::string& root = {}) {
    const std::size_t processors = affinity_count();
    const std::optional<double> limit = cgroup_cpu_limit(root);
    if (!limit || *limit >= static_cast<double>(processors)) {
        return processors;
    }
    const auto whole = static_cast<std::size_t>(*limit);
    return whole == 0 || static_cast<double>(whole) < *limit ? whole + 1 : whole;
}

}  // namespace drover
