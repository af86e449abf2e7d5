#pragma once

#include <cstdio>
#include <cstdlib>

namespace drover {

/// Ends the process with one sentence on standard error. For states that only a broken program can reach, where going
/// on would corrupt memory; everything a caller can get wrong in good faith is answered by a value or an exception
/// instead.
[[noreturn]] inline void fail_contract(const char* sentence) noexcept {
    std::fprintf(stderr, "drover: %s\n", sentence);
    std::abort();
}

}  // namespace drover
