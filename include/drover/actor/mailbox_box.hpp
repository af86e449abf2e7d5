#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "drover/actor/cell_parts.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/ids.hpp"
#include "drover/mailbox/admission.hpp"
#include "drover/mailbox/push_result.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/node.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

/// What the subscriber to a mailbox's water marks is told.
struct water_level {
    actor_id actor;        ///< whose mailbox
    bool above;            ///< more than the high mark waits; else it has come down to the low mark
    std::size_t waiting;   ///< how many waited just now
    std::size_t capacity;  ///< how many may
};

/// A sender's place in a limited mailbox.
struct admitted {
    delivery result;
    std::size_t before = 0;           ///< how many waited without this; 0 in mailboxes without a limit
    std::size_t level = 0;            ///< how many wait with this
    message_node* evicted = nullptr;  ///< what made room, linked: dead letters, once this sender holds no place
    bool counted = false;             ///< a pool's pick has counted it on the member's load
    bool moved = false;               ///< out of another mailbox: it is in the accounts already
    bool may_wait = false;            ///< of a pool, which finds the real place when it has the message
};

template <class F>
class linger_state;

/// What a mailbox other than the default one does for those who do not know its type. One static record for each.
template <class F>
struct mailbox_operations {
    admitted (*admit)(basic_cell<F>&, lane&, std::size_t count, bool may_wait) noexcept;
    admitted (*admit_if_room)(basic_cell<F>&, std::size_t count) noexcept;  ///< whatever its policy; or `rejected_full`
    void (*give_back)(basic_cell<F>&, std::size_t count) noexcept;
    delivery (*push)(basic_cell<F>&, lane&, message_node* first, message_node* last, std::size_t count,
                     admitted place) noexcept;
    message_node* (*close)(
        basic_cell<F>&) noexcept;  ///< the messages that are left, linked; the mailbox is closed then
    const message_node* (*given)(const basic_cell<F>&) noexcept;
    std::size_t (*count)(const basic_cell<F>&, std::size_t most) noexcept;
    void (*free)(basic_cell<F>&) noexcept;
    run_result (*run)(runnable*, lane&);
    std::size_t levels;
};

/// The part of a mailbox that stands outside the cell. The default mailbox has none.
template <class F>
struct mailbox_box {
    explicit mailbox_box(const mailbox_operations<F>& record) noexcept : operations(&record) {}
    mailbox_box(const mailbox_box&) = delete;
    mailbox_box& operator=(const mailbox_box&) = delete;

    const mailbox_operations<F>* const operations;
    admission* room = nullptr;                ///< null if the mailbox takes everything
    std::unique_ptr<linger_state<F>> linger;  ///< of an actor that lingers

    struct listener {
        basic_cell<F>* subscriber;  ///< counted
        delivery (*tell)(basic_cell<F>&, water_level&&);
        listener* next;
    };
    futex_mutex listeners_mutex;
    listener* listeners = nullptr;
    bool told_above = false;
    bool risen = false;
    bool telling = false;

    /// The actor stops: nobody waits for it any more.
    void leave() noexcept {
        if (linger != nullptr) {
            linger->stop_listening();
        }
        if (room != nullptr) {
            room->ring();
        }
    }
};

}  // namespace drover
