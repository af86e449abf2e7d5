#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

namespace drover_test {

/// Everything in `file` from its beginning; the position is at the end afterwards.
inline std::string contents(std::FILE* file) {
    std::fflush(file);
    std::rewind(file);
    std::string text;
    char part[512];
    for (std::size_t size = std::fread(part, 1, sizeof part, file); size != 0;
         size = std::fread(part, 1, sizeof part, file)) {
        text.append(part, size);
    }
    return text;
}

/// What `body` writes to standard error, by whichever way.
template <class Body>
std::string standard_error_of(Body body) {
    std::FILE* const file = std::tmpfile();
    std::fflush(stderr);
    const int kept = ::dup(STDERR_FILENO);
    ::dup2(::fileno(file), STDERR_FILENO);
    body();
    std::fflush(stderr);
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    std::string text = contents(file);
    std::fclose(file);
    return text;
}

}  // namespace drover_test
