#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <typeinfo>

#include "drover/routing/address.hpp"
#include "drover/scheduling/retired.hpp"

namespace drover {

/// What a name leads to, as registry and caches know it: immutable but for `current`. Counted; the bytes of the name
/// follow behind the object. Who finds it under a name may use it as long as `current` says that the name still leads
/// there.
struct route_entry : retired {
    using destroy_function = void(route_entry*) noexcept;

    /// The first count belongs to whoever publishes it, and goes when it is freed as a retired object.
    route_entry(name_view name, void* target_, const std::type_info* type_, destroy_function* destroy_) noexcept
        : retired(&release_retired),
          length(static_cast<std::uint8_t>(name.text().size())),
          hash(name.hash()),
          target(target_),
          type(type_),
          destroy(destroy_) {
        std::memcpy(const_cast<char*>(bytes()), name.text().data(), name.text().size());
    }
    route_entry(const route_entry&) = delete;
    route_entry& operator=(const route_entry&) = delete;

    std::atomic<std::uint32_t> references{1};
    std::atomic<bool> current{true};  ///< false once the name leads elsewhere or nowhere; a cache then looks again
    const std::uint8_t length;
    bool registered = true;  ///< the registry's, under its lock
    const std::uint64_t hash;
    void* const target;                ///< the one actor's cell; null if there are several
    const std::type_info* const type;  ///< of that actor
    const void* extra = nullptr;       ///< copies and several actors; null for nearly every name
    destroy_function* const destroy;   ///< destroys and deallocates it

    std::string_view name() const noexcept { return {bytes(), length}; }

    bool is_named(name_view other) const noexcept {
        return hash == other.hash() && length == other.text().size() && same_bytes(bytes(), other.text());
    }

    void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            destroy(this);
        }
    }

private:
    static void release_retired(retired* self) noexcept { static_cast<route_entry*>(self)->release(); }

    // Short names, which most are, without a call.
    static bool same_bytes(const char* mine, std::string_view other) noexcept {
        const std::size_t size = other.size();
        if (size < 8 || size > 16) [[unlikely]] {
            return std::memcmp(mine, other.data(), size) == 0;
        }
        const char* const theirs = other.data();
        return detail::load_word<std::uint64_t>(mine) == detail::load_word<std::uint64_t>(theirs) &&
               detail::load_word<std::uint64_t>(mine + size - 8) == detail::load_word<std::uint64_t>(theirs + size - 8);
    }

    const char* bytes() const noexcept { return reinterpret_cast<const char*>(this) + sizeof(route_entry); }
};

inline void intrusive_ptr_add_ref(route_entry* entry) noexcept {
    entry->retain();
}
inline void intrusive_ptr_release(route_entry* entry) noexcept {
    entry->release();
}

static_assert(sizeof(route_entry) == 72,
              "behind the 24 bytes of a retired object all that a cache reads is in one line");

}  // namespace drover
