#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "drover/base/text.hpp"
#include "drover/tracing/flight_recorder.hpp"
#include "drover/tracing/flight_ring.hpp"

namespace drover {

namespace detail {

/// Text for a file descriptor, for a signal handler: no memory, no lock, write(2) alone.
class signal_text {
public:
    explicit signal_text(int descriptor) noexcept : descriptor_(descriptor) {}
    ~signal_text() { flush(); }
    signal_text(const signal_text&) = delete;
    signal_text& operator=(const signal_text&) = delete;

    signal_text& operator<<(std::string_view text) noexcept {
        for (const char each : text) {
            if (used_ == buffer_.size()) {
                flush();
            }
            buffer_[used_++] = each;
        }
        return *this;
    }
    signal_text& operator<<(std::uint64_t number) noexcept { return append(number, 10, 1); }
    signal_text& operator<<(span_id span) noexcept { return append(to_integer(span), 16, 16); }

    /// At each line: what comes next may fault.
    void flush() noexcept {
        for (std::size_t done = 0; done != used_;) {
            const ssize_t written = ::write(descriptor_, buffer_.data() + done, used_ - done);
            if (written < 0 && errno != EINTR) {
                break;
            }
            done += written > 0 ? static_cast<std::size_t>(written) : 0;
        }
        used_ = 0;
    }

private:
    signal_text& append(std::uint64_t number, unsigned base, std::size_t least) noexcept {
        std::array<char, 20> digits{};
        std::size_t first = digits.size();
        while (number != 0 || digits.size() - first < least) {
            digits[--first] = "0123456789abcdef"[number % base];
            number /= base;
        }
        return *this << std::string_view(digits.data() + first, digits.size() - first);
    }

    const int descriptor_;
    std::size_t used_ = 0;
    std::array<char, 512> buffer_;
};

/// What is to be done at a crash. Set before the handler is, and then constant.
class crash_handler {
public:
    static constexpr std::array<int, 5> signals{SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

    static crash_handler& instance() {
        static crash_handler only;
        return only;
    }

    void install(int descriptor, const std::string& path, std::size_t records) {
        if (path.size() >= path_.size()) {
            throw std::invalid_argument(
                join_text({"drover: install_crash_dump got a path of ", std::to_string(path.size()),
                           " bytes; use less than ", std::to_string(path_.size())}));
        }
        flight_lanes::instance();  // made here, since the handler cannot
        descriptor_ = descriptor;
        records_ = records;
        std::memcpy(path_.data(), path.c_str(), path.size() + 1);
        if (installed_) {
            return;
        }
        installed_ = true;
        struct sigaction action{};
        action.sa_sigaction = &on_signal;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        ::sigemptyset(&action.sa_mask);
        for (std::size_t each = 0; each != signals.size(); ++each) {
            ::sigaction(signals[each], &action, &before_[each]);
        }
    }

private:
    static void on_signal(int signal, siginfo_t* about, void*) noexcept {
        const int error = errno;
        crash_handler& self = instance();
        if (!self.begun_.exchange(true, std::memory_order_acq_rel)) {
            self.begun_in_.store(&this_trace_thread, std::memory_order_release);
            self.dump(signal);
            self.done_.store(true, std::memory_order_release);
        } else if (self.begun_in_.load(std::memory_order_acquire) != &this_trace_thread) {
            self.wait_for_dump();
        }
        self.pass_on(signal, *about);
        errno = error;
    }

    void dump(int signal) const noexcept {
        const int to =
            path_[0] != '\0' ? ::open(path_.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : descriptor_;
        if (to < 0) {
            return;
        }
        signal_text text(to);
        text << "drover: signal " << static_cast<std::uint64_t>(signal)
             << "; what each thread recorded last, the newest at the end\n";
        const clock_duration now = flight_lanes::time_of(flight_lanes::now());
        for (const flight_lane* each = flight_lanes::instance().first(); each != nullptr; each = each->next) {
            text << "thread " << each->number << " " << each->name.data()
                 << (&each->ring == this_trace_thread.ring ? ", which has crashed\n"
                     : each->ended != 0                    ? ", ended\n"
                                                           : "\n");
            each->ring.each_last(records_, [&](const flight_record& record) { write_line(text, record, now); });
        }
    }

    static void write_line(signal_text& text, const flight_record& record, clock_duration now) noexcept {
        static constexpr std::array<std::string_view, 8> kinds{"sent   ", "due    ", "replied", "began  ",
                                                               "joined ", "resumed", "ended  ", "rooted "};
        const flight_event_kind kind = kind_of(record);
        const auto place = static_cast<std::size_t>(kind);
        if (kind == flight_event_kind::rooted || place >= kinds.size()) {
            return;
        }
        const clock_duration ago = now - flight_lanes::time_of(record[0]);
        text << "  " << kinds[place] << " span " << span_id{record[1]} << " "
             << static_cast<std::uint64_t>(ago.count() > 0 ? ago.count() : 0) << " ns ago";
        if (const message_names* const names = names_of(record); names != nullptr) {
            text << ", " << names->actor << ": " << names->message;
        }
        if (kind == flight_event_kind::began) {
            text << ", actor " << record[2];
        } else if (record[2] != 0) {
            text << ", of span " << span_id{record[2]};
        }
        text << "\n";
        text.flush();
    }

    // Another thread writes; the end of the process is not to come before it has. Not for ever: it may be stuck.
    void wait_for_dump() const noexcept {
        for (int each = 0; each != 500 && !done_.load(std::memory_order_acquire); ++each) {
            const timespec ten_milliseconds{0, 10'000'000};
            ::nanosleep(&ten_milliseconds, nullptr);
        }
    }

    // Puts the handler back that was there before. A fault comes again as soon as this returns; what somebody has sent
    // is sent again, and waits until then.
    void pass_on(int signal, const siginfo_t& about) noexcept {
        for (std::size_t each = 0; each != signals.size(); ++each) {
            if (signals[each] == signal) {
                ::sigaction(signal, &before_[each], nullptr);
            }
        }
        if (about.si_code <= 0) {
            ::raise(signal);
        }
    }

    int descriptor_ = -1;
    std::size_t records_ = 0;
    bool installed_ = false;
    std::array<char, PATH_MAX> path_{};
    std::array<struct sigaction, signals.size()> before_{};
    std::atomic<bool> begun_{false};
    std::atomic<bool> done_{false};
    std::atomic<const void*> begun_in_{nullptr};
};

}  // namespace detail

/// At SIGSEGV, SIGABRT, SIGBUS, SIGFPE and SIGILL the last `records` records of each thread are written as text, and
/// then the process ends as it would have without: the handler that was there before, or the default, has the signal
/// after this one. Once in a process, by the first thread that crashes. What is recorded is what a flight_tracing
/// policy records.
///
/// Called early, by one thread; a second call changes where to and how many alone. It writes with open(2) and write(2)
/// only. A stack that has overflown needs sigaltstack(2) in its thread. `file` is made at the crash and not before; the
/// folder is there. Throws std::invalid_argument for no records, or for a path longer than the system takes.
inline void install_crash_dump(const std::filesystem::path& file, std::size_t records = 64) {
    const std::filesystem::path whole = std::filesystem::absolute(file);
    if (records == 0) {
        throw std::invalid_argument("drover: install_crash_dump got 0 records; use 1 or more");
    }
    if (file.empty() || !std::filesystem::is_directory(whole.parent_path())) {
        throw std::invalid_argument(join_text({"drover: install_crash_dump got the file '", file.string(),
                                               "', whose folder is not there; make it first"}));
    }
    detail::crash_handler::instance().install(-1, whole.string(), records);
}

/// The same to a descriptor that stays open, such as STDERR_FILENO.
inline void install_crash_dump(int descriptor, std::size_t records = 64) {
    if (descriptor < 0 || records == 0) {
        throw std::invalid_argument(
            join_text({"drover: install_crash_dump got descriptor ", std::to_string(descriptor), " and ",
                       std::to_string(records), " records; use an open descriptor, and 1 record or more"}));
    }
    detail::crash_handler::instance().install(descriptor, {}, records);
}

}  // namespace drover
