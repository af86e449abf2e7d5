// An actor that blocks in a read, in a thread of its own, and a watchdog that tells of handlers that do not come back.
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

struct read_line {};

// Owns the reading end of a pipe. read(2) may wait for as long as it likes: no worker waits with it.
struct line_reader {
    int end;

    std::string operator()(read_line) const {
        std::string line;
        for (char each = 0; ::read(end, &each, 1) == 1 && each != '\n';) {
            line += each;
        }
        return line;
    }
    void stopped(const drover::stop_reason&) const { ::close(end); }
};

struct line_writer {
    int end;

    void operator()(const std::string& line) const {
        if (::write(end, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            throw std::runtime_error("the pipe is broken");
        }
    }
    void stopped(const drover::stop_reason&) const { ::close(end); }
};

int main() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        return 1;
    }
    std::atomic<int> stuck{0};
    std::atomic<int> returned{0};
    std::string line;
    {
        drover::runtime rt({
            .threads = 1,  // would be kept by the reader, if it ran there
            .stuck_after = 2ms,
            .stuck_in = drover::stuck_scope::all_threads,
            .on_stuck_handler =
                [&](const drover::stuck_handler& what) {
                    std::printf("%s\n", drover::to_line(what).c_str());
                    (what.returned ? returned : stuck) += 1;
                },
        });
        const auto reader = rt.spawn<line_reader>(
            drover::spawn_options{.name = "pipe", .placement = drover::placement::own_thread}, ends[0]);
        const auto writer = rt.spawn<line_writer>(ends[1]);

        auto answer = reader.ask(read_line{});
        while (stuck == 0) {  // it waits, and the watchdog says so
            ::usleep(1000);
        }
        writer.tell(std::string("hello from the only worker\n"));
        line = answer.get();
        std::printf("%s\n", line.c_str());
        while (returned == 0) {
            ::usleep(1000);
        }
    }
    return line == "hello from the only worker" ? 0 : 1;
}
