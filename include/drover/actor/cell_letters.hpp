#pragma once

#include <cstddef>
#include <string_view>

#include "drover/features/features.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/node.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

template <class F>
struct basic_cell;

/// What an actor does not handle: counted, and told to the sinks. Empty, a part of the cell.
template <class F>
class cell_letters {
    using metrics = typename F::metrics;

public:
    /// A message that is in no mailbox any more: a dead letter, destroyed, its memory given back.
    void bury_envelope(message_node* node, dead_letter_reason reason) noexcept {
        bury(node, reason);
        self().discard(node);
        basic_cell<F>::release_envelope_of(node);
    }

    void bury(const message_node* node, dead_letter_reason reason) noexcept {
        const auto& letter = *static_cast<const envelope_of<F>*>(node);
        if (letter.operations->size_class != operations_of<F>::not_pooled) {  // it is the pill otherwise
            bury(letter.operations->message, reason);
        }
    }

    /// A message that had been pushed.
    void bury(std::string_view message, dead_letter_reason reason) noexcept {
        self().core->count_dead(reason);
        if (reason == dead_letter_reason::rejected) {
            self().note_rejected(lane_to(*self().core), 1);
        }
        report_dead(metrics_part<F>(*self().core), message, reason);
    }

    /// Messages that are dead letters without having been pushed. Counted by their sender in one place, so that the
    /// accounts agree at any moment.
    void refuse(lane& mine, std::string_view message, dead_letter_reason reason, std::size_t count = 1) noexcept {
        if (reason == dead_letter_reason::rejected) {
            self().note_rejected(mine, count);
        }
        for (std::size_t each = 0; each != count; ++each) {
            mine.unsent[static_cast<std::size_t>(reason)].add(1);
            report_dead(metrics_part<F>(mine), message, reason);
        }
    }

private:
    void report_dead(typename metrics::thread_part& part, std::string_view message,
                     dead_letter_reason reason) noexcept {
        const auto subject = self().subject();
        if (reason == dead_letter_reason::dropped) {
            metrics::on_dropped(part, subject);
        }
        self().core->report_dead(part, subject, dead_letter{reason, message, self().name(), self().id});
    }

    basic_cell<F>& self() noexcept { return static_cast<basic_cell<F>&>(*this); }
};

}  // namespace drover
