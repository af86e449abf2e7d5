#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/actor/departure.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/features/with.hpp"
#include "drover/routing/route_entry.hpp"

namespace drover {

template <class F>
class name_book;

/// Somebody who gets a copy of each message of one type that is told by a name.
template <class F>
struct tee_target {
    using copy_function = void(const tee_target&, const void* message);

    const std::type_info* message;
    copy_function* copy;  ///< tells a copy; throws std::bad_alloc, or what the copy constructor throws
    basic_handle<F> to;
};

template <class M, class F>
struct typed_tee final : tee_target<F> {
    explicit typed_tee(recipient<M, F> target_)
        : tee_target<F>{&typeid(M), &tell_copy, target_}, target(std::move(target_)) {}

    static void tell_copy(const tee_target<F>& self, const void* message) {
        static_cast<const typed_tee&>(self).target.tell(M(*static_cast<const M*>(message)));
    }

    const recipient<M, F> target;
};

template <class F>
using tee_list = std::vector<std::shared_ptr<const tee_target<F>>>;

/// What few names have: copies to others, several actors.
template <class F>
struct route_extra {
    tee_list<F> tees;
    std::vector<boost::intrusive_ptr<basic_cell<F>>> providers;
    std::atomic<std::size_t> next{0};

    /// One of the actors, in rotation; those that have stopped are passed over. Null if all have: each is looked at,
    /// whatever other threads do to `next` meanwhile.
    basic_cell<F>* pick() noexcept {
        const std::size_t first = next.fetch_add(1, std::memory_order_relaxed) % providers.size();
        for (std::size_t each = 0; each != providers.size(); ++each) {
            basic_cell<F>* const found = providers[(first + each) % providers.size()].get();
            if (!found->system.is_closed()) {
                return found;
            }
        }
        return nullptr;
    }
};

template <class F>
struct record_upkeep : departure {
    record_upkeep(departed_function* function, name_book<F>* owner) noexcept : departure(function), book(owner) {}
    name_book<F>* const book;
};

/// A name and the actor, or actors, it leads to: a route entry that owns a count on each, and hears of the actor's end
/// if it stands for a registration.
template <class F>
struct name_record final : record_upkeep<F>, route_entry {
    /// With one count. Throws std::bad_alloc. `owner` may be null for a record that hears of nothing.
    static name_record* create(name_view name, basic_cell<F>* holder, std::unique_ptr<route_extra<F>> several = nullptr,
                               name_book<F>* owner = nullptr, departure::departed_function* hear = nullptr) {
        void* const memory = ::operator new(sizeof(name_record) + name.text().size(), std::align_val_t{cache_line});
        return ::new (memory) name_record(name, holder, several.release(), owner, hear);
    }

    basic_cell<F>* cell() const noexcept { return static_cast<basic_cell<F>*>(target); }
    route_extra<F>* more() const noexcept { return static_cast<route_extra<F>*>(const_cast<void*>(extra)); }

    /// An actor that has the name: the one, or the next of several. Null if all of several have stopped.
    static basic_cell<F>* pick(const route_entry& entry) noexcept {
        const auto& self = static_cast<const name_record&>(entry);
        return entry.target != nullptr ? self.cell() : self.more()->pick();
    }

private:
    name_record(name_view name, basic_cell<F>* holder, route_extra<F>* several, name_book<F>* owner,
                departure::departed_function* hear) noexcept
        : record_upkeep<F>(hear, owner),
          route_entry(name, holder, holder != nullptr ? holder->operations->type : nullptr, &destroy_record) {
        extra = several;
        if (holder != nullptr) {
            holder->retain();
        }
    }

    ~name_record() {
        if (cell() != nullptr) {
            cell()->release();
        }
        delete more();
    }

    static void destroy_record(route_entry* entry) noexcept {
        auto* const self = static_cast<name_record*>(entry);
        self->~name_record();
        ::operator delete(static_cast<void*>(self), std::align_val_t{cache_line});
    }
};

static_assert(sizeof(name_record<features>) == sizeof(record_upkeep<features>) + sizeof(route_entry),
              "the name's bytes follow behind the route entry");
static_assert(sizeof(record_upkeep<features>) + sizeof(retired) == cache_line,
              "what a cache reads of a record begins with a line");

}  // namespace drover
