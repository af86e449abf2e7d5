#pragma once

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "drover/base/futex.hpp"
#include "drover/base/text.hpp"
#include "drover/runtime/dump_text.hpp"
#include "drover/runtime/runtime.hpp"
#include "drover/runtime/sinks.hpp"

namespace drover {

namespace detail {

/// One signal of the process, for any number of listeners. Its handler counts and wakes; all else is done by threads.
class signal_bell {
public:
    static constexpr int highest = 64;

    static signal_bell& of(int signal) noexcept {
        static std::array<signal_bell, highest + 1> all;  // NOLINT: process-wide, as signals are
        return all[static_cast<std::size_t>(signal)];
    }

    /// Throws std::invalid_argument.
    static int checked(int signal) {
        const bool fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
        if (signal < 1 || signal > highest || signal == SIGKILL || signal == SIGSTOP || fault) {
            throw std::invalid_argument(
                join_text({"drover: dump_on_signal got signal ", std::to_string(signal),
                           ", which cannot be taken for that; use SIGUSR1, SIGUSR2 or one from SIGRTMIN to SIGRTMAX"}));
        }
        return signal;
    }

    /// What has come so far is not the listener's. Throws std::invalid_argument if the program has a handler of its own
    /// for it.
    std::uint32_t add(int signal) {
        const std::lock_guard lock(mutex_);
        const std::uint32_t heard = signals_.load(std::memory_order_seq_cst);
        if (listeners_ == 0) {
            struct sigaction present{};
            const int answer = ::sigaction(signal, nullptr, &present);
            if (answer != 0) {
                throw std::invalid_argument(
                    join_text({"drover: dump_on_signal cannot take signal ", std::to_string(signal), " (",
                               std::generic_category().message(errno), "); use SIGUSR1 or SIGUSR2"}));
            }
            if ((present.sa_flags & SA_SIGINFO) != 0 ||
                (present.sa_handler != SIG_DFL && present.sa_handler != SIG_IGN)) {
                throw std::invalid_argument(
                    join_text({"drover: dump_on_signal got signal ", std::to_string(signal),
                               ", for which this program has a handler already; use another signal"}));
            }
            struct sigaction ours{};
            ours.sa_handler = &count;
            ours.sa_flags = SA_RESTART;
            ::sigfillset(&ours.sa_mask);
            ::sigaction(signal, &ours, nullptr);
        }
        listeners_ += 1;
        return heard;
    }

    /// After the last listener the signal is ignored: one that comes late does not end the program.
    void remove(int signal) noexcept {
        const std::lock_guard lock(mutex_);
        listeners_ -= 1;
        if (listeners_ == 0) {
            ::signal(signal, SIG_IGN);
        }
    }

    /// Waits until a signal has come that is not `heard`; false if `over` is set instead.
    bool wait(std::uint32_t& heard, const std::atomic<bool>& over) const noexcept {
        for (;;) {
            const std::uint32_t rung = rings_.load(std::memory_order_seq_cst);
            if (over.load(std::memory_order_seq_cst)) {
                return false;
            }
            if (const std::uint32_t now = signals_.load(std::memory_order_seq_cst); now != heard) {
                heard = now;
                return true;
            }
            futex_wait(rings_, rung);
        }
    }

    /// After `over` was set.
    void ring() noexcept {
        rings_.fetch_add(1, std::memory_order_seq_cst);
        futex_wake_all(rings_);
    }

private:
    // In a signal handler: lock-free atomics and one system call, which leaves errno as it was.
    static void count(int signal) {
        const int before = errno;
        signal_bell& mine = of(signal);
        mine.signals_.fetch_add(1, std::memory_order_seq_cst);
        mine.ring();
        errno = before;
    }

    static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "a signal handler may use no other");

    std::atomic<std::uint32_t> signals_{0};
    std::atomic<std::uint32_t> rings_{0};
    futex_mutex mutex_;
    unsigned listeners_ = 0;
};

/// A file that dumps are appended to: a path, opened anew each time, or a descriptor of the caller's.
class dump_file {
public:
    /// Throws std::system_error if it cannot be written to; then nothing was made but perhaps the empty file.
    explicit dump_file(std::string path) : path_(std::move(path)) { append({}); }
    /// Throws std::invalid_argument if it is not open for writing.
    explicit dump_file(int descriptor) : descriptor_(descriptor) {
        // Linux looks at how it was opened before it looks at how much there is to write. No <fcntl.h>: it would
        // declare an `open` beside every program's own.
        if (::write(descriptor, "", 0) == -1 && errno == EBADF) {
            throw std::invalid_argument(join_text({"drover: dump_on_signal got descriptor ", std::to_string(descriptor),
                                                   ", which is not open for writing; use STDERR_FILENO or a path"}));
        }
    }

    /// Throws std::system_error.
    void append(std::string_view text) const {
        if (descriptor_ != -1) {
            write_all(descriptor_, text);
            return;
        }
        const std::unique_ptr<std::FILE, closed> file(std::fopen(path_.c_str(), "ae"));
        if (file == nullptr) {
            throw std::system_error(errno, std::generic_category(),
                                    join_text({"drover: dump_on_signal cannot write to ", where(),
                                               "; name a file that this process may write"}));
        }
        write_all(::fileno(file.get()), text);
    }

private:
    struct closed {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };

    void write_all(int to, std::string_view text) const {
        while (!text.empty()) {
            const ::ssize_t written = ::write(to, text.data(), text.size());
            if (written >= 0) {
                text.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno != EINTR) {
                throw std::system_error(errno, std::generic_category(),
                                        join_text({"a dump could not be written to ", where()}));
            }
        }
    }

    std::string where() const {
        return descriptor_ != -1 ? "descriptor " + std::to_string(descriptor_) : "\"" + path_ + "\"";
    }

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace detail

/// For as long as it lives, each signal of that number makes a dump of the runtime, as text, appended to a file.
/// Declare it after the runtime, whose end it must not see. Several may share a signal: each writes its own runtime's.
///
/// The signal's handler does nothing but count and wake; the dump is made by a thread of this object, at the runtime's
/// next convenience, and signals that come meanwhile are one. That thread takes the signal even if all others block it.
/// After the last of its number is gone the signal is ignored, so that one that comes late does not end the program.
///
/// `to` is a path, opened for each dump (so a log may be rotated), or a descriptor, which stays the caller's. What goes
/// wrong later is a line on standard error. Members are the constructing thread's.
class dump_on_signal {
public:
    /// Throws std::invalid_argument for a signal that cannot be taken, that has a handler of the program's, or for a
    /// descriptor that is not open for writing; std::system_error if the file cannot be written to or no thread can be
    /// started.
    template <class F>
    dump_on_signal(const basic_runtime<F>& of, int signal, std::string to, const dump_options& options = {})
        : dump_on_signal(of, signal, detail::dump_file(std::move(to)), options) {}
    template <class F>
    dump_on_signal(const basic_runtime<F>& of, int signal, const char* to, const dump_options& options = {})
        : dump_on_signal(of, signal, std::string(to), options) {}
    template <class F>
    dump_on_signal(const basic_runtime<F>& of, int signal, int to = STDERR_FILENO, const dump_options& options = {})
        : dump_on_signal(of, signal, detail::dump_file(to), options) {}

    dump_on_signal(const dump_on_signal&) = delete;
    dump_on_signal& operator=(const dump_on_signal&) = delete;

    /// Waits for a dump that is being made. Not from a sink of the runtime.
    ~dump_on_signal() {
        over_.store(true, std::memory_order_seq_cst);
        bell().ring();
        thread_.join();
        bell().remove(signal_);
    }

private:
    template <class F>
    dump_on_signal(const basic_runtime<F>& of, int signal, detail::dump_file to, const dump_options& options)
        : signal_(detail::signal_bell::checked(signal)),
          file_(std::move(to)),
          make_([&of, options] { return to_text(of.dump(options)); }) {
        check(options);
        heard_ = bell().add(signal_);
        try {
            start();
        } catch (...) {
            bell().remove(signal_);
            throw;
        }
    }

    detail::signal_bell& bell() const noexcept { return detail::signal_bell::of(signal_); }

    // The thread inherits the mask: no signal of the program's is handled there but this one.
    void start() {
        sigset_t others;
        ::sigfillset(&others);
        ::sigdelset(&others, signal_);
        sigset_t before;
        ::pthread_sigmask(SIG_SETMASK, &others, &before);
        const struct restored {
            const sigset_t& mask;
            ~restored() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
        } scope{before};
        thread_ = std::thread([this] { work(); });
        ::pthread_setname_np(thread_.native_handle(), "drover/dump");
    }

    void work() noexcept {
        while (bell().wait(heard_, over_)) {
            try {
                file_.append(make_() + "\n");
            } catch (...) {
                std::fprintf(stderr, "drover: no dump after a signal: %s\n",
                             describe(std::current_exception()).c_str());
            }
        }
    }

    const int signal_;
    const detail::dump_file file_;
    const std::function<std::string()> make_;
    std::atomic<bool> over_{false};
    std::uint32_t heard_ = 0;
    std::thread thread_;
};

}  // namespace drover
