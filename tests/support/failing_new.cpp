// The replaceable allocation functions of the test programs. All forms are defined, and all meet in malloc and free: a
// sanitizer, which brings forms of its own, then sees each block come and go by the same pair.
#include "support/failing_new.hpp"

#include <cstdlib>
#include <new>

namespace {

struct allocation_state {
    bool failing;
    std::size_t allowed;
    std::size_t smallest;
    std::size_t refused;
    std::size_t succeeded;
};

constinit thread_local allocation_state state{};

void* attempt(std::size_t bytes, std::size_t alignment) noexcept {
    if (state.failing && bytes >= state.smallest) {
        if (state.allowed == 0) {
            state.refused += 1;
            return nullptr;
        }
        state.allowed -= 1;
    }
    state.succeeded += 1;
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
        return std::malloc(bytes == 0 ? 1 : bytes);
    }
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* insist(std::size_t bytes, std::size_t alignment) {
    void* const memory = attempt(bytes, alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

constexpr std::size_t usual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

std::size_t number(std::align_val_t alignment) noexcept {
    return static_cast<std::size_t>(alignment);
}

}  // namespace

namespace drover_test {

failing_new::failing_new(std::size_t allowed, std::size_t smallest) noexcept {
    state.failing = true;
    state.allowed = allowed;
    state.smallest = smallest;
    state.refused = 0;
}

failing_new::~failing_new() {
    state.failing = false;
}

std::size_t failing_new::refused() const noexcept {
    return state.refused;
}

std::size_t allocations() noexcept {
    return state.succeeded;
}

}  // namespace drover_test

void* operator new(std::size_t bytes) {
    return insist(bytes, usual);
}
void* operator new[](std::size_t bytes) {
    return insist(bytes, usual);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return attempt(bytes, usual);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return attempt(bytes, usual);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return insist(bytes, number(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return insist(bytes, number(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return attempt(bytes, number(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return attempt(bytes, number(alignment));
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}
