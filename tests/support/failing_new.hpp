#pragma once

#include <cstddef>

namespace drover_test {

/// While one lives, allocations of the calling thread fail: `allowed` more succeed, and then each one of `smallest`
/// bytes or more throws std::bad_alloc (or gives null where it was asked to). Smaller ones are not counted. One at a
/// time in a thread. Catch2's assertions allocate, so none may stand inside its scope.
class failing_new {
public:
    explicit failing_new(std::size_t allowed = 0, std::size_t smallest = 0) noexcept;
    ~failing_new();
    failing_new(const failing_new&) = delete;
    failing_new& operator=(const failing_new&) = delete;

    /// How many allocations have failed so far.
    std::size_t refused() const noexcept;
};

/// Allocations of the calling thread that have succeeded since it began.
std::size_t allocations() noexcept;

}  // namespace drover_test
