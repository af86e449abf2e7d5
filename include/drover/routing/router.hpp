#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/ref.hpp"
#include "drover/actor/send.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/routing/batch_split.hpp"
#include "drover/routing/registry.hpp"
#include "drover/routing/route_cache.hpp"
#include "drover/routing/set_associative_cache.hpp"

namespace drover {

/// Sends by name, and remembers in its cache where names lead. Delivered by name means: to an actor that held the name
/// at some moment of the send. Keeps its registry alive. Not thread-safe: one for each thread or actor, since what it
/// saves is the sharing; a cache that is to be used by several threads would cost them more than a look-up.
///
/// A name is an `address`, whose hash is known, or any text, which is hashed at each send; std::invalid_argument if
/// nobody holds it and it is no name. A name that nobody holds answers `no_target`, and the message is a dead letter of
/// that reason with the name as its receiver. Sends throw std::logic_error, naming both types, if the name's actor is
/// no `A`; otherwise they behave as those of `ref<A>`. A hit costs a compare of the name's hash and bytes, and a flag,
/// and allocates nothing; a miss is a look-up in the registry.
template <class Cache, class F>
class basic_router {
    static_assert(route_cache<Cache>,
                  "drover: not a route cache: the concept drover::route_cache says what one must have");

public:
    explicit basic_router(basic_registry<F>& names) noexcept : names_(&names) {}
    basic_router(const basic_router&) = delete;
    basic_router& operator=(const basic_router&) = delete;

    /// As ref::tell(). Who was given copies by registry::tee() gets them first.
    template <class A, class M>
    [[gnu::always_inline]] delivery tell(name_view name, M&& message) {
        using message_type = std::decay_t<M>;
        if constexpr (check_tell<A, message_type, F>()) {
            if (!busy_) [[likely]] {
                route_entry* const entry = cache_.find(name);
                if (entry != nullptr && entry->type == &typeid(A) && entry->extra == nullptr) [[likely]] {
                    note_hit();
                    const busy_scope busy(busy_);
                    return detail::tell_cell<A>(*static_cast<basic_cell<F>*>(entry->target), std::forward<M>(message));
                }
            }
            return tell_with_care<A, message_type>(name, std::forward<M>(message));
        } else {
            return delivery::no_target;
        }
    }

    /// As ref::try_tell(): the message stays with the caller unless it is_accepted(), also for `no_target`. No copies
    /// are made for registry::tee().
    template <class A, class M>
    [[nodiscard]] delivery try_tell(name_view name, M& message) {
        static_assert(!std::is_const_v<M>,
                      "drover: try_tell moves from its argument when it succeeds; pass a non-const object");
        if constexpr (check_tell<A, M, F>()) {
            return with_entry(name, [&](route_entry* entry) {
                basic_cell<F>* const cell = cell_of<A>(entry, name);
                if (cell == nullptr) [[unlikely]] {
                    lane_to(names_->core()).returned.add(1);
                    return delivery::no_target;
                }
                return detail::try_tell_cell<A>(*cell, message);
            });
        } else {
            return delivery::no_target;
        }
    }

    /// As ref::ask(); `ask_error::no_target` if nobody holds the name.
    template <class A, class M>
    [[nodiscard]] auto ask(name_view name, M&& message) -> typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within<A>(name, std::forward<M>(message), nullptr);
    }
    template <class A, class M>
    [[nodiscard]] auto ask(name_view name, M&& message, clock_duration timeout) ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within<A>(name, std::forward<M>(message), &timeout);
    }

    /// Sends each element of `range` to the actor of type `A` that holds `name_of(element)`: one push for each
    /// receiver, with its messages in the order of the range. The elements of an rvalue container are moved, others
    /// copied. What is thrown before the first push, by a copy, a name or a type, leaves nothing sent. O(n), allocates.
    template <class A, std::ranges::input_range Range, class Naming>
    batch_result tell_batch(Range&& range, Naming name_of) {
        using message_type = std::ranges::range_value_t<Range>;
        batch_split<message_type, F> split;
        if constexpr (check_tell<A, message_type, F>()) {
            for (auto&& each : range) {
                const auto& text = name_of(std::as_const(each));
                const name_view name(text);
                with_entry(name, [&](route_entry* entry) {
                    basic_cell<F>* const cell = cell_of<A>(entry, name);
                    if constexpr (std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cvref_t<Range>>) {
                        split.add(entry, cell, name, message_type(std::forward<decltype(each)>(each)));
                    } else {
                        split.add(entry, cell, name, message_type(std::move(each)));
                    }
                    return delivery::accepted;
                });
            }
            split.send(
                [&](auto& group) {
                    for (const auto& [entry, at] : group.copied) {
                        send_copies<message_type>(*entry, group.messages[at]);
                    }
                    std::size_t sent = 0;
                    return detail::tell_batch_to_cell<A, message_type>(*group.cell, std::move(group.messages), sent);
                },
                [&](const std::string& name) { bury<message_type>(name); });
        }
        return split.result();
    }

    /// Sends whose name was in the cache, and those that asked the registry.
    std::uint64_t hits() const noexcept { return hits_; }
    std::uint64_t misses() const noexcept { return misses_; }

    /// Gives back what the cache holds: records of names, and with them the memory of actors that have stopped.
    void forget() noexcept { cache_.clear(); }

    basic_registry<F>& names() const noexcept { return *names_; }

private:
    // What a send runs (a message's constructor, a sink) may send by this router again. Such a send leaves the cache
    // alone, which may hold the only count on what is being sent to.
    class busy_scope {
    public:
        explicit busy_scope(bool& flag) noexcept : flag_(flag) { flag_ = true; }
        ~busy_scope() { flag_ = false; }
        busy_scope(const busy_scope&) = delete;
        busy_scope& operator=(const busy_scope&) = delete;

    private:
        bool& flag_;
    };

    void note_hit() noexcept {
        hits_ += 1;
        F::metrics::on_cache_hit(metrics_part<F>(names_->core()));
    }

    void note_miss() noexcept {
        misses_ += 1;
        F::metrics::on_cache_miss(metrics_part<F>(names_->core()));
        if constexpr (requires { cache_.invalidated(); } && has_metrics<F>) {
            for (; seen_invalidated_ != cache_.invalidated(); ++seen_invalidated_) {
                F::metrics::on_cache_invalidation(metrics_part<F>(names_->core()));
            }
        }
    }

    template <class Send>
    auto with_entry(name_view name, Send send) {
        if (!busy_) [[likely]] {
            if (route_entry* const entry = cache_.find(name)) [[likely]] {
                note_hit();
                const busy_scope busy(busy_);
                return send(entry);
            }
        }
        return with_looked_up(name, send);
    }

    template <class Send>
    [[gnu::noinline]] auto with_looked_up(name_view name, Send& send) {
        note_miss();
        const boost::intrusive_ptr<route_entry> entry(names_->acquire(name), false);
        if (entry == nullptr) {
            name.check();
        } else if (!busy_ && cache_.capacity() != 0) {
            entry->retain();
            cache_.insert(*entry);
        }
        return send(entry.get());
    }

    // A miss, or more than one receiver, or another type.
    template <class A, class Message, class M>
    [[gnu::noinline]] delivery tell_with_care(name_view name, M&& message) {
        return with_entry(name, [&](route_entry* entry) {
            basic_cell<F>* const cell = cell_of<A>(entry, name);
            if (cell == nullptr) {
                return bury<Message>(name);
            }
            if (entry->extra != nullptr) {
                send_copies<Message>(*entry, message);
            }
            return detail::tell_cell<A>(*cell, std::forward<M>(message));
        });
    }

    // Null if nobody is there.
    template <class A>
    static basic_cell<F>* cell_of(const route_entry* entry, name_view name) {
        if (entry != nullptr && entry->type == &typeid(A)) [[likely]] {
            return static_cast<basic_cell<F>*>(entry->target);
        }
        // Several actors, another type, or the same type as another shared object names it.
        basic_cell<F>* const cell = entry != nullptr ? name_record<F>::pick(*entry) : nullptr;
        if (cell != nullptr && !basic_registry<F>::template is_a<A>(*cell)) {
            throw std::logic_error(
                join_text({"drover: the name \"", name.text(), "\" is held by a ", cell->operations->name,
                           " and not by a ", type_name<A>(), "; send to it as its own type"}));
        }
        return cell;
    }

    template <class A, class M>
    auto ask_within(name_view name, M&& message, const clock_duration* timeout) ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        using message_type = std::decay_t<M>;
        if constexpr (check_ask<A, message_type, F>()) {
            return with_entry(name, [&](route_entry* entry) {
                basic_cell<F>* const cell = cell_of<A>(entry, name);
                if (cell == nullptr) {
                    bury<message_type>(name);
                    return answer<reply_type<A, message_type, F>, F>(ask_error{ask_error::no_target, nullptr});
                }
                message_type copy(std::forward<M>(message));
                return detail::ask_cell<A>(*cell, std::move(copy), timeout);
            });
        } else {
            return refused{};
        }
    }

    template <class M>
    [[gnu::noinline]] static void send_copies(const route_entry& entry, const M& message) {
        const auto& more = *static_cast<const route_extra<F>*>(entry.extra);
        for (const auto& each : more.tees) {
            if (*each->message == typeid(M)) {
                each->copy(*each, &message);
            }
        }
    }

    // Nobody holds the name.
    template <class M>
    [[gnu::noinline]] delivery bury(name_view name) const {
        actor_core<F>& core = names_->core();
        lane& mine = lane_to(core);
        const send_bracket bracket(mine);
        constexpr dead_letter_reason reason = dead_letter_reason::no_target;
        mine.unsent[static_cast<std::size_t>(reason)].add(1);
        core.report_dead(metrics_part<F>(mine), {}, dead_letter{reason, type_name<M>(), name.text(), actor_id::none});
        return delivery::no_target;
    }

    Cache cache_;
    bool busy_ = false;
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
    std::uint64_t seen_invalidated_ = 0;  // of the cache's, those that the metrics have heard of
    boost::intrusive_ptr<basic_registry<F>> names_;
};

template <class Cache = set_associative_cache<1024, 8>>
using router = basic_router<Cache, features>;

}  // namespace drover
