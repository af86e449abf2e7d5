// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

namespace benches::scale {

/// Runs `measure` in a child process and returns the number that it returned: memory that an earlier run left behind
/// would otherwise be used again, and would hide what this one needs. Call while this process has one thread. Blocks
/// until the child has ended. Throws std::runtime_error if it failed (it has said why on standard error),
/// std::system_error if there can be no child.
template <class F>
double in_fresh_process(const std::string& name, F&& measure) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    std::fflush(nullptr);  // else the child has a copy of what is not written yet
    const pid_t child = ::fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child == 0) {
        int status = 1;
        try {
            const double result = measure();
            if (::write(ends[1], &result, sizeof result) == static_cast<ssize_t>(sizeof result)) status = 0;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
        }
        ::_exit(status);
    }
    ::close(ends[1]);
    double result = 0;
    ssize_t got = 0;
    do {
        got = ::read(ends[0], &result, sizeof result);
    } while (got < 0 && errno == EINTR);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (got != static_cast<ssize_t>(sizeof result) || status != 0)
        throw std::runtime_error("the run " + name + " ended without a figure");
    return result;
}

}  // namespace benches::scale
