#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "drover/actor/cell.hpp"
#include "drover/runtime/dump.hpp"
#include "drover/runtime/occupation.hpp"
#include "drover/runtime/sighting.hpp"
#include "drover/runtime/straggler.hpp"
#include "drover/scheduling/own_threads.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

namespace detail {

// Collects a dump while all workers are stopped at the edge of the runtime, so lists, mailboxes and children stand
// still; handlers go on, and so do senders.
template <class F>
class dump_search {
public:
    dump_search(worker_group& group, const dump_options& options, std::vector<piece_sighting> earlier)
        : group_(group), options_(options), earlier_(std::move(earlier)) {}

    void look(actor_core<F>& core, runtime_dump& found) {
        group_.visit_held([&](const worker& each) {
            if (const runnable* const item = each.running.load(std::memory_order_relaxed); item != nullptr) {
                running_.push_back(static_cast<const basic_cell<F>*>(item));
            }
        });
        core.visit_roots([&](basic_cell<F>& root) { visit_tree(root, found); });
        std::sort_heap(deepest_.begin(), deepest_.end(), &deeper);
        for (const auto& [actor, depth] : deepest_) {
            found.deepest.push_back(row_of(*actor, depth));
        }
        if (!core.simulated()) {
            group_.visit_held([&](const worker& each) { visit_thread(each, found); });
        }
    }

    /// After that, outside: rows of one name are one type, whose code is in several shared objects.
    void sum_up(runtime_dump& found) {
        std::unordered_map<std::string_view, std::size_t> places;
        for (const auto& [operations, row] : types_) {
            const auto [place, fresh] = places.try_emplace(row.type, found.types.size());
            if (fresh) {
                found.types.push_back(row);
                continue;
            }
            found.types[place->second].actors += row.actors;
            add(found.types[place->second].waiting, row.waiting);
        }
        std::sort(found.types.begin(), found.types.end(), [](const auto& one, const auto& other) {
            return one.waiting.messages != other.waiting.messages ? one.waiting.messages > other.waiting.messages
                   : one.actors != other.actors                   ? one.actors > other.actors
                                                                  : one.type < other.type;
        });
    }

    std::vector<piece_sighting> seen;  ///< for the next dump

private:
    using cell = basic_cell<F>;

    struct deep_mailbox {
        const cell* actor;
        mailbox_depth depth;
    };

    static bool deeper(const deep_mailbox& one, const deep_mailbox& other) noexcept {
        return one.depth.messages != other.depth.messages ? one.depth.messages > other.depth.messages
                                                          : one.actor->id < other.actor->id;
    }

    static void add(mailbox_depth& sum, const mailbox_depth& more) noexcept {
        sum.messages += more.messages;
        sum.or_more = sum.or_more || more.or_more;
    }

    static cell* youngest_child(const cell& parent) noexcept {
        const cell_extra<F>* const extra = parent.extra.load(std::memory_order_acquire);  // pairs with more()
        return extra != nullptr ? extra->youngest_child : nullptr;
    }

    // Without recursion: a chain of children may be long.
    void visit_tree(cell& root, runtime_dump& found) {
        cell* each = &root;
        for (;;) {
            visit(*each, found);
            if (cell* const child = youngest_child(*each); child != nullptr) {
                each = child;
                continue;
            }
            while (each != &root && each->older == nullptr) {
                each = each->parent;
            }
            if (each == &root) {
                return;
            }
            each = each->older;
        }
    }

    void visit(cell& actor, runtime_dump& found) {
        if (actor.phase == cell_phase::closed) {
            return;
        }
        if (actor.own_threaded) {
            const auto* const extra =
                static_cast<const own_thread_extra<F>*>(actor.extra.load(std::memory_order_acquire));
            owners_.push_back({extra->thread, &actor});
        }
        const mailbox_depth depth = depth_of(actor);
        if (last_ == nullptr || last_operations_ != actor.operations) {
            last_operations_ = actor.operations;
            last_ = &types_[actor.operations];
            last_->type = actor.operations->name;
        }
        last_->actors += 1;
        add(last_->waiting, depth);
        found.actors += 1;
        add(found.waiting, depth);
        if (depth.messages != 0 && options_.deepest != 0) {
            keep({&actor, depth});
        }
    }

    void keep(const deep_mailbox& fresh) {
        if (deepest_.size() == options_.deepest) {
            if (!deeper(fresh, deepest_.front())) {
                return;
            }
            std::pop_heap(deepest_.begin(), deepest_.end(), &deeper);
            deepest_.pop_back();
        }
        deepest_.push_back(fresh);
        std::push_heap(deepest_.begin(), deepest_.end(), &deeper);
    }

    mailbox_depth depth_of(cell& actor) const noexcept {
        const std::size_t replayed = replayed_of(actor);
        if (actor.box != nullptr && actor.box->room != nullptr) {
            return {actor.system.is_closed() ? 0 : actor.box->room->level() + replayed, false};
        }
        const std::size_t most = options_.most_counted;
        // The mark of stop_when_drained() is no message.
        const std::size_t marks = actor.phase != cell_phase::ending && actor.phase != cell_phase::stopping &&
                                          actor.pill_sent.load(std::memory_order_acquire)
                                      ? 1
                                      : 0;
        const std::size_t walked = waiting_messages(actor, most + 1 + marks);
        const std::size_t messages = walked - std::min(walked, marks);
        return {std::min(messages, most) + replayed, messages > most};
    }

    // What a stash gave back; its own code may be changing that while it runs.
    std::size_t replayed_of(const cell& actor) const noexcept {
        const cell_extra<F>* const extra = actor.extra.load(std::memory_order_acquire);
        std::size_t count = 0;
        if (extra != nullptr && !runs(actor)) {
            for (const message_node* each = extra->first_replayed; each != nullptr && count != options_.most_counted;
                 each = each->next.load(std::memory_order_relaxed)) {
                count += 1;
            }
        }
        return count;
    }

    bool runs(const cell& actor) const noexcept {
        return std::find(running_.begin(), running_.end(), &actor) != running_.end();
    }

    runtime_dump::mailbox_row row_of(const cell& actor, const mailbox_depth& depth) const {
        straggler held_up{{}, depth.messages, {}, actor.id};
        say_what_holds_up(actor, runs(actor), held_up);
        return {std::string(actor.name()), actor.id, actor.operations->name, depth, std::move(held_up.waiting_for)};
    }

    void visit_thread(const worker& each, runtime_dump& found) {
        runtime_dump::thread_row row{.index = each.index, .own_thread = !each.queue};
        row.ready = each.ring.size() + (each.next.load(std::memory_order_relaxed) != nullptr ? 1 : 0);
        piece_sighting now(each, found.taken);
        if (now.item != nullptr) {
            const auto& actor = *static_cast<const cell*>(now.item);
            row.does = thread_activity::runs;
            row.code = message_handled(actor);
            row.handler = !row.code.empty();
            if (!row.handler) {
                row.code = code_between_messages(actor);
            }
            for (const piece_sighting& before : earlier_) {
                if (before.worker_index == each.index && before.same_piece(now)) {
                    now.since = std::min(now.since, before.since);
                }
            }
            row.at_least = found.taken - now.since;
            name(row, actor);
            seen.push_back(now);
        } else if (!row.own_thread) {
            row.does = group_.asleep(each) ? thread_activity::sleeps : thread_activity::searches;
        } else if (const cell* const owner = owner_of(each); owner != nullptr) {
            name(row, *owner);
        } else {
            return;  // it ends, or its actor has not begun
        }
        found.threads.push_back(std::move(row));
    }

    static void name(runtime_dump::thread_row& row, const cell& actor) {
        row.actor = actor.name();
        row.id = actor.id;
        row.type = actor.operations->name;
    }

    const cell* owner_of(const worker& own) const noexcept {
        for (const auto& [thread, actor] : owners_) {
            if (static_cast<const worker*>(thread) == &own) {
                return actor;
            }
        }
        return nullptr;
    }

    worker_group& group_;
    const dump_options& options_;
    const std::vector<piece_sighting> earlier_;
    std::vector<const cell*> running_;
    std::vector<std::pair<const own_worker*, const cell*>> owners_;
    std::vector<deep_mailbox> deepest_;  // a heap with the least deep of them at the front
    std::unordered_map<const cell_operations<F>*, runtime_dump::type_row> types_;
    const cell_operations<F>* last_operations_ = nullptr;  // actors of one type often stand side by side
    runtime_dump::type_row* last_ = nullptr;
};

template <class Engine>
runtime_dump find_dump(Engine& engine, const dump_options& options) {
    check(options);
    auto& core = *engine.core;
    std::vector<piece_sighting> earlier = engine.looks.get();
    engine.watch.add_seen(earlier);
    dump_search<typename Engine::bundle> search(engine.workers, options, std::move(earlier));
    runtime_dump found;
    found.runtime = engine.options.name;
    const auto begin = std::chrono::steady_clock::now();
    engine.workers.inspect([&] {
        found.taken = core.timers.now();
        search.look(core, found);
    });
    found.held = std::chrono::steady_clock::now() - begin;
    search.sum_up(found);
    engine.looks.set(std::move(search.seen));
    return found;
}

}  // namespace detail

}  // namespace drover
