#include "progress.hpp"

#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace census {
namespace {

std::string duration(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
    if (whole < 60) {
        return fmt::format("{} s", whole);
    }
    return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60)
                        : fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

// Files may grow or shrink between the survey and the reading, so the share is kept within its bounds.
double progress::share() const {
    if (total_bytes == 0) {
        return surveyed && files >= total_files ? 1 : 0;
    }
    return std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total_bytes));
}

double progress::seconds_left() const {
    if (!surveyed || seconds <= 0 || bytes == 0) {
        return -1;
    }
    const double left = static_cast<double>(total_bytes) - static_cast<double>(bytes);
    return std::max(0.0, left * seconds / static_cast<double>(bytes));
}

std::string progress_line(const progress& now, std::size_t width) {
    const double rate = now.seconds > 0 ? static_cast<double>(now.bytes) / now.seconds / 1e6 : 0;
    const double left = now.seconds_left();
    const std::string figures =
        fmt::format(" {:3.0f} %  {} of {}{} files  {:.0f} MB/s  queue {}  {}", std::floor(100 * now.share()),
                    grouped(now.files), grouped(now.total_files), now.surveyed ? "" : "+", rate, now.waiting,
                    left < 0 ? "counting" : fmt::format("{} left", duration(left)));
    constexpr std::size_t narrowest = 10;
    if (figures.size() + narrowest + 2 > width) {
        return figures.substr(1, std::min(figures.size() - 1, width));
    }
    const std::size_t room = std::min<std::size_t>(width - figures.size() - 2, 40);
    const auto done = static_cast<std::size_t>(now.share() * static_cast<double>(room));
    return fmt::format("[{:#<{}}{:.<{}}]{}", "", done, "", room - done, figures);
}

}  // namespace census
