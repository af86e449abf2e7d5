#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/random.hpp"
#include "drover/features/features.hpp"
#include "drover/scheduling/worker.hpp"
#include "drover/testing/fault_plan.hpp"

namespace drover::detail {

/// Makes a plan's faults happen. Before an actor runs, the messages in its list that the plan is about get another
/// record of operations, which asks the plan when their turn comes: no mailbox and no handler knows of it.
template <class F>
class fault_injector {
public:
    /// From the seed follows where the faults happen that the plan leaves to it.
    fault_injector(const fault_plan& plan, std::uint64_t seed) {
        random_source seeds(~seed);  // not the numbers that the schedule is made of
        for (const fault_plan::fault& each : plan.faults()) {
            faults_.push_back({each, random_source(seeds.next())});
        }
    }
    fault_injector(const fault_injector&) = delete;
    fault_injector& operator=(const fault_injector&) = delete;

    bool empty() const noexcept { return faults_.empty(); }
    std::size_t injected() const noexcept { return injected_; }

    /// For how long the actor is to wait before it runs.
    clock_duration before(basic_cell<F>& cell) noexcept {
        if (cell.phase == cell_phase::closed) {
            return clock_duration::zero();
        }
        bool first = true;
        clock_duration length{};
        for (message_node* each = cell.consumed.tail->next.load(std::memory_order_acquire); each != nullptr;
             each = each->next.load(std::memory_order_acquire)) {
            auto& letter = static_cast<envelope_of<F>&>(*each);
            const std::string_view message = letter.operations->message;
            if (letter.operations->size_class != operations_of<F>::not_pooled && concerns(cell, message)) {
                if (letter.operations->run != &watched::run_watched) {
                    letter.operations = &watch(*letter.operations, redelivery_of(cell) != nullptr);
                }
                length = first ? delay_of(cell, message) : length;
            }
            first = false;
        }
        return length;
    }

    /// A run of the actor, in which memory may be refused.
    run_result run(basic_cell<F>& cell, worker& me) noexcept {
        if (std::none_of(faults_.begin(), faults_.end(),
                         [&](const planned& each) { return !each.done && each.starves(cell); })) {
            return cell.run(&cell, me);
        }
        starving_ = &cell;
        const block_pool::refusal scope(
            [](void* self) noexcept { return static_cast<fault_injector*>(self)->refuse(); }, this);
        return cell.run(&cell, me);
    }

private:
    struct planned : fault_plan::fault {
        planned(const fault_plan::fault& of, random_source source) : fault(of), random(source), next(of.nth) {
            if (drawn) {
                next = gap();
            }
        }

        random_source random;
        std::uint64_t next;     // where it happens
        std::uint64_t met = 0;  // what was counted so far
        bool done = false;

        std::uint64_t gap() noexcept { return 1 + random.next() % (2 * nth - 1); }

        clock_duration delay() noexcept {
            return drawn ? clock_duration(1 + static_cast<clock_duration::rep>(
                                                  random.next() % static_cast<std::uint64_t>(length.count())))
                         : length;
        }

        // What was to happen at `next` has happened, or cannot any more.
        void pass() noexcept {
            if (drawn) {
                next += gap();
            } else {
                done = true;
            }
        }

        bool is_for(const basic_cell<F>& cell) const noexcept {
            return actor.empty() || actor == cell.name() || actor == cell.operations->name;
        }
        bool starves(const basic_cell<F>& cell) const noexcept {
            return what == fault_plan::kind::refuses && is_for(cell);
        }
        bool concerns(const basic_cell<F>& cell, std::string_view message_) const noexcept {
            return what != fault_plan::kind::refuses && (message.empty() || message == message_) && is_for(cell);
        }
    };

    struct watched : redelivered_operations<F> {
        watched(const operations_of<F>& of, fault_injector& by) noexcept
            : redelivered_operations<F>{of, nullptr}, original(of), injector(by) {
            this->run = &run_watched;
        }

        static void run_watched(message_node* node, basic_context<F>& turn) {
            auto& letter = static_cast<envelope_of<F>&>(*node);
            const auto& self = static_cast<const watched&>(*letter.operations);
            letter.operations = &self.original;
            const planned* const found = self.injector.meet(turn.cell(), letter.operations->message);
            if (found == nullptr) {
                try {
                    self.original.run(node, turn);
                } catch (...) {
                    self.watch_again(node, turn);
                    throw;
                }
                return;
            }
            if (found->what == fault_plan::kind::throws) {
                if (keep_message(node, turn)) {
                    self.watch_again(node, turn);
                } else {
                    self.original.discard(node);
                }
                throw injected_fault();
            }
            self.original.discard(node);
            turn.leave_unhandled();
        }

        // The next attempt of a message that is delivered again counts as another one.
        void watch_again(message_node* node, basic_context<F>& turn) const noexcept {
            const redelivering_guard<F>* const its = redelivery_of(turn.cell());
            if (its != nullptr && its->failing() == node) {
                static_cast<envelope_of<F>*>(node)->operations = this;
            }
        }

        const operations_of<F>& original;
        fault_injector& injector;
    };

    bool concerns(const basic_cell<F>& cell, std::string_view message) const noexcept {
        for (const planned& each : faults_) {
            if (!each.done && each.concerns(cell, message)) {
                return true;
            }
        }
        return false;
    }

    const watched& watch(const operations_of<F>& record, bool redelivers) {
        std::unique_ptr<watched>& found = records_[&record];
        if (found == nullptr) {
            found = std::make_unique<watched>(record, *this);
        }
        if (redelivers) {  // another actor of the type may do without
            found->give_up = static_cast<const redelivered_operations<F>&>(record).give_up;
        }
        return *found;
    }

    // A message's turn has come: what happens to it, if anything.
    const planned* meet(const basic_cell<F>& cell, std::string_view message) noexcept {
        const planned* found = nullptr;
        for (planned& each : faults_) {
            if (each.concerns(cell, message) && ++each.met == each.next) {
                each.pass();
                // A delay would have come before: the gate is closed, or the mailbox has changed the order.
                if (each.what != fault_plan::kind::delays) {
                    injected_ += 1;
                    found = found == nullptr ? &each : found;
                }
            }
        }
        return found;
    }

    clock_duration delay_of(const basic_cell<F>& cell, std::string_view message) noexcept {
        for (planned& each : faults_) {
            if (each.what == fault_plan::kind::delays && !each.done && each.met + 1 == each.next &&
                each.concerns(cell, message)) {
                each.pass();
                injected_ += 1;
                return each.delay();
            }
        }
        return clock_duration::zero();
    }

    // Somebody wants a piece of memory.
    bool refuse() noexcept {
        bool refused = false;
        for (planned& each : faults_) {
            if (each.starves(*starving_) && ++each.met == each.next) {
                each.pass();
                injected_ += 1;
                refused = true;
            }
        }
        return refused;
    }

    std::vector<planned> faults_;
    const basic_cell<F>* starving_ = nullptr;  // whose run it is
    std::map<const operations_of<F>*, std::unique_ptr<watched>> records_;
    std::size_t injected_ = 0;
};

}  // namespace drover::detail
