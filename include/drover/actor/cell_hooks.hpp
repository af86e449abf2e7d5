#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>

#include "drover/features/features.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/message/node.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

template <class F>
struct basic_cell;

/// What metrics hear of an actor's mailbox, each hook from one place. Empty, a part of the cell.
template <class F>
class cell_hooks {
    using metrics = typename F::metrics;

public:
    /// The actor, for a hook.
    hook_subject subject() const noexcept {
        if constexpr (metrics::labelled) {
            return {self().id, self().label};
        } else {
            return {self().id};
        }
    }

    /// A chain of `count` messages is about to be in its mailbox or stash.
    void note_enqueued(const lane& mine, [[maybe_unused]] message_node* first, std::size_t count) const noexcept {
        if constexpr (!std::is_empty_v<typename metrics::stamp>) {
            message_node* each = first;
            for (std::size_t place = 0; place != count; ++place) {
                metrics::on_stamp(metrics_part<F>(mine), subject(), place,
                                  static_cast<envelope_of<F>*>(each)->stamp.metrics);
                each = each->next.load(std::memory_order_relaxed);
            }
        }
        metrics::on_enqueue(metrics_part<F>(mine), subject(), count);
    }

    /// A message has left it, and is not handled.
    void note_left() const noexcept { metrics::on_leave(metrics_part<F>(*self().core), subject()); }

    /// A full mailbox, or stash, has refused these messages.
    void note_rejected(const lane& mine, std::size_t count) const noexcept {
        for (; count != 0; --count) {
            metrics::on_rejected(metrics_part<F>(mine), subject());
        }
    }

private:
    const basic_cell<F>& self() const noexcept { return static_cast<const basic_cell<F>&>(*this); }
};

}  // namespace drover
