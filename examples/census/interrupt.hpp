// Waiting for the end of the work or for an interrupt, whichever comes first.
#pragma once

#include "file_handle.hpp"

#include <chrono>
#include <optional>

namespace census {

/// Rung by any thread, once or more often; heard by the one that waits.
class bell {
public:
    bell();             // throws std::system_error without file descriptors
    void ring() const;  // does not block
    [[nodiscard]] int descriptor() const { return file_.get(); }

private:
    file_handle file_;
};

/// Takes SIGINT as something to read from a descriptor, so no code runs in a signal handler. To be made before the
/// first thread is, because threads inherit which signals are blocked. The first interrupt is told here; from then on
/// SIGINT has its default effect, so a second one ends the process at once.
class interrupts {
public:
    enum class woken { by_bell, by_interrupt, by_time };

    interrupts();  // throws std::system_error without file descriptors

    /// Blocks until one of them; without `patience`, for as long as it takes.
    [[nodiscard]] woken wait(const bell& done, std::optional<std::chrono::milliseconds> patience);

    /// Whether there has been an interrupt. Does not block.
    [[nodiscard]] bool seen();

private:
    void take();

    file_handle file_;
    bool seen_ = false;
};

}  // namespace census
