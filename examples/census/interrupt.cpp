#include "interrupt.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace census {
namespace {

file_handle opened(int descriptor) {
    if (descriptor < 0) {
        throw std::system_error(errno, std::generic_category(), "cannot get a descriptor for signals");
    }
    return file_handle(descriptor);
}

sigset_t interrupt_only() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

bell::bell() : file_(opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}

void bell::ring() const {
    const std::uint64_t one = 1;
    // The only failure is a full counter, and then it is ringing already.
    [[maybe_unused]] const ssize_t written = ::write(file_.get(), &one, sizeof one);
}

interrupts::interrupts() {
    const sigset_t set = interrupt_only();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A shell without job control starts what it puts into the background with SIGINT ignored; an ignored signal would
    // not reach the descriptor, and whoever sends one means it.
    ::signal(SIGINT, SIG_DFL);
    file_ = opened(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

interrupts::woken interrupts::wait(const bell& done, std::optional<std::chrono::milliseconds> patience) {
    std::array<pollfd, 2> watched{{{done.descriptor(), POLLIN, 0}, {seen_ ? -1 : file_.get(), POLLIN, 0}}};
    const int timeout = patience ? static_cast<int>(patience->count()) : -1;
    int ready = -1;
    do {
        ready = ::poll(watched.data(), watched.size(), timeout);
    } while (ready < 0 && errno == EINTR);
    if ((watched[0].revents & POLLIN) != 0) {
        return woken::by_bell;
    }
    if ((watched[1].revents & POLLIN) != 0) {
        take();
        return woken::by_interrupt;
    }
    return woken::by_time;
}

bool interrupts::seen() {
    if (!seen_) {
        pollfd watched{file_.get(), POLLIN, 0};
        if (::poll(&watched, 1, 0) == 1) {
            take();
        }
    }
    return seen_;
}

void interrupts::take() {
    signalfd_siginfo taken{};
    [[maybe_unused]] const ssize_t size = ::read(file_.get(), &taken, sizeof taken);
    seen_ = true;
    const sigset_t set = interrupt_only();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace census
