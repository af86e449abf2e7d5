#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/base/block_pool.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/message_names.hpp"
#include "drover/message/node.hpp"

namespace drover {

/// What can be done with an envelope without knowing its message. One static record for each actor type and message
/// type; shared objects may each have their own, so its address identifies nothing.
template <class Turn>
struct envelope_operations {
    void (*run)(message_node*, Turn&);  ///< handles the message, then destroys it; throws what the handler threw
    void (*discard)(message_node*);     ///< destroys the message unhandled; throws what its destructor throws
    std::uint8_t size_class;            ///< of the block pool, or `not_pooled`
    std::string_view message;           ///< its type, for people
    std::size_t (*level)(const message_node*) = nullptr;  ///< its priority; null: 0
    std::uint64_t (*key)(const message_node*) =
        nullptr;  ///< by which a pool may pick; null: none; throws what it throws
    void (*refuse)(message_node*, delivery) noexcept =
        nullptr;  ///< tells whoever asked why nobody takes it, before it is discarded: `accepted` if it was taken too late;
                  ///< null: nobody asked
    void* (*asked)(message_node*) noexcept =
        nullptr;                 ///< the record of who asked, as the actors' floor has it, or null; null: nobody asked
    bool answers_later = false;  ///< its handler may return before there is a reply
    message_names names{};       ///< for tracing, which keeps their address

    static constexpr std::uint8_t not_pooled = 0xff;
};

/// A message in a mailbox: link, operations, the features' stamp if any, then the payload in place. Messages of up to
/// 256 bytes with their header come from the block pool; larger ones, and ones aligned beyond a cache line, stand in an
/// own allocation that is given back right after the handler.
template <class Turn, class Stamp>
struct envelope : message_node {
    explicit constexpr envelope(const envelope_operations<Turn>* record) noexcept : operations(record) {}

    const envelope_operations<Turn>* operations;
    [[no_unique_address]] Stamp stamp{};
};

/// The stamp when no feature wants to travel with a message.
struct no_stamp {};

namespace detail {

struct envelope_size_probe {};
static_assert(sizeof(envelope<envelope_size_probe, no_stamp>) == 16, "a message that carries no feature pays 16 bytes");

}  // namespace detail

template <class Turn, class Stamp, class Payload>
struct loaded_envelope : envelope<Turn, Stamp> {
    static constexpr std::size_t largest_pooled = 256;

    struct plain : envelope<Turn, Stamp> {
        Payload payload;
    };

    static constexpr bool pooled = sizeof(plain) <= largest_pooled && alignof(plain) <= block_pool::granule;

    /// Does a message of this type need nothing done once it has been handled?
    static constexpr bool trivial = pooled && std::is_trivially_destructible_v<Payload>;

    using holder = std::conditional_t<pooled, Payload, Payload*>;

    template <class... Arguments>
    explicit loaded_envelope(const envelope_operations<Turn>* record, Arguments&&... arguments)
        : envelope<Turn, Stamp>(record), held_(make(std::forward<Arguments>(arguments)...)) {}

    Payload& payload() noexcept {
        if constexpr (pooled) {
            return held_;
        } else {
            return *held_;
        }
    }
    const Payload& payload() const noexcept { return const_cast<loaded_envelope*>(this)->payload(); }

    /// Destroys the payload and leaves the node, which the mailbox may still need as a link. Throws what the payload's
    /// destructor throws, after its memory has been given back.
    void destroy_payload() {
        if constexpr (pooled) {
            std::destroy_at(&held_);
        } else {
            const struct memory {
                Payload* payload;
                ~memory() { pooled_memory<Payload>::deallocate(payload); }
            } freed{held_};
            std::destroy_at(held_);
        }
    }

    /// Allocates and fills an envelope. Throws std::bad_alloc, or what the message's move constructor throws; then
    /// nothing has been sent and nothing leaks.
    template <class... Arguments>
    static loaded_envelope* create(const envelope_operations<Turn>* record, Arguments&&... arguments) {
        return create_in(block_pool::allocate(size_class), record, std::forward<Arguments>(arguments)...);
    }

    /// The same in a block of `size_class`, which goes back to the pool if it throws.
    template <class... Arguments>
    static loaded_envelope* create_in(void* block, const envelope_operations<Turn>* record, Arguments&&... arguments) {
        if constexpr (pooled && std::is_nothrow_constructible_v<Payload, Arguments...>) {
            return new (block) loaded_envelope(record, std::forward<Arguments>(arguments)...);
        } else {
            try {
                return new (block) loaded_envelope(record, std::forward<Arguments>(arguments)...);
            } catch (...) {
                block_pool::release(block, size_class);
                throw;
            }
        }
    }

    static const std::uint8_t size_class;

private:
    template <class... Arguments>
    static holder make(Arguments&&... arguments) {
        if constexpr (pooled) {
            return Payload(std::forward<Arguments>(arguments)...);
        } else {
            void* const memory = pooled_memory<Payload>::allocate();
            try {
                return new (memory) Payload(std::forward<Arguments>(arguments)...);
            } catch (...) {
                pooled_memory<Payload>::deallocate(memory);
                throw;
            }
        }
    }

    union {
        holder held_;  // destroyed by destroy_payload(), before the node is
    };

public:
    ~loaded_envelope() {}
};

template <class Turn, class Stamp, class Payload>
inline constexpr std::uint8_t loaded_envelope<Turn, Stamp, Payload>::size_class =
    block_pool::class_of(sizeof(loaded_envelope<Turn, Stamp, Payload>));

/// Gives back the memory of a node whose payload is gone.
template <class Turn, class Stamp>
[[gnu::always_inline]] inline void release_envelope(message_node* node) noexcept {
    const std::uint8_t size_class = static_cast<envelope<Turn, Stamp>*>(node)->operations->size_class;
    if (size_class != envelope_operations<Turn>::not_pooled) [[likely]] {
        block_pool::release(node, size_class);
    }
}

}  // namespace drover
