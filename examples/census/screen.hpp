// The actor that draws the progress line.
#pragma once

#include "messages.hpp"
#include "progress.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace census {

/// Whether standard error is a terminal that can rewrite a line. In a pipe nothing is drawn.
[[nodiscard]] bool can_draw();

/// Draws on standard error, ten times a second at most, and only while it is visible.
class screen {
public:
    explicit screen(bool visible) : visible_(visible) {}

    void operator()(advance more) {
        now_.files += more.files;
        now_.bytes += more.bytes;
        now_.waiting = handed_out_ > now_.files ? static_cast<std::size_t>(handed_out_ - now_.files) : 0;
        draw_if_due();
    }
    void operator()(handed_out more) { handed_out_ += more.files; }
    void operator()(survey found) {
        now_.total_files = found.files;
        now_.total_bytes = found.bytes;
        now_.surveyed = found.finished;
    }
    void operator()(tick) { draw_if_due(); }
    bool operator()(curtain);

private:
    using clock = std::chrono::steady_clock;

    void draw_if_due();
    void draw();

    bool visible_;
    progress now_;
    std::uint64_t handed_out_ = 0;
    clock::time_point begin_ = clock::now();
    clock::time_point drawn_ = begin_;
};

}  // namespace census
