// A file descriptor that closes itself, and what a failed call says about a file.
#pragma once

#include "tally.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace census {

class file_handle {
public:
    file_handle() = default;
    explicit file_handle(int descriptor) : descriptor_(descriptor) {}
    file_handle(file_handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    file_handle& operator=(file_handle&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~file_handle() { close(); }

    explicit operator bool() const { return descriptor_ >= 0; }
    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
    void close() {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
        }
    }

private:
    int descriptor_ = -1;
};

inline skip_reason reason_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ESTALE: return skip_reason::vanished;
        case ELOOP: return skip_reason::link;  // O_NOFOLLOW met a link that was a file a moment ago
        case ENXIO:
        case ENODEV: return skip_reason::special;
        default: return skip_reason::unreadable;
    }
}

}  // namespace census
