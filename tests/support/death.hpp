#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <system_error>

// Only a coverage build has it.
extern "C" [[gnu::weak]] int __llvm_profile_write_file();

namespace drover_test {

/// Saves what a coverage build has counted. A process that ends by a signal or by _exit() loses it otherwise.
inline void save_counts() noexcept {
    if (__llvm_profile_write_file != nullptr) {
        __llvm_profile_write_file();
    }
}

/// What became of a child process.
struct death {
    int signal = 0;    ///< that ended it, or 0
    int status = -1;   ///< its exit status, or -1
    std::string said;  ///< what it wrote to standard error
};

/// Runs `body` in a child process that exits with status 0 if `body` returns. Call it while no other thread runs.
template <class Body>
death in_child(Body body) {
    int ends[2];
    if (::pipe(ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    const pid_t child = ::fork();
    if (child < 0) {
        throw std::system_error(errno, std::generic_category(), "fork");
    }
    if (child == 0) {
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        std::signal(SIGABRT, [](int) { save_counts(); });
        body();
        save_counts();
        ::_exit(0);
    }
    ::close(ends[1]);
    death result;
    char part[512];
    for (ssize_t size = ::read(ends[0], part, sizeof part); size > 0; size = ::read(ends[0], part, sizeof part)) {
        result.said.append(part, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        result.signal = WTERMSIG(status);
    } else {
        result.status = WEXITSTATUS(status);
    }
    return result;
}

}  // namespace drover_test
