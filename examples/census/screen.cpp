#include "screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace census {
namespace {

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;  // the terminal is gone; the report may still reach its reader
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

// Asked every time, because a window can be resized. The last column stays free: writing there would wrap the line.
std::size_t columns() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1U : 79U;
}

}  // namespace

bool can_draw() {
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool screen::operator()(curtain) {
    if (visible_) {
        draw();
        write_all("\n");
        visible_ = false;
    }
    return true;
}

void screen::draw_if_due() {
    if (visible_ && clock::now() - drawn_ >= std::chrono::milliseconds(100)) {
        draw();
    }
}

void screen::draw() {
    drawn_ = clock::now();
    now_.seconds = std::chrono::duration<double>(drawn_ - begin_).count();
    write_all(fmt::format("\r{}\x1b[K", progress_line(now_, columns())));
}

}  // namespace census
