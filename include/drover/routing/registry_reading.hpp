#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/ref.hpp"
#include "drover/base/expected.hpp"
#include "drover/routing/lookup_error.hpp"
#include "drover/routing/registry_base.hpp"
#include "drover/scheduling/snapshot.hpp"
#include "drover/scheduling/time_limit.hpp"

namespace drover {

/// The part of a registry that finds names and changes none.
template <class F>
class registry_reading : public registry_base<F> {
public:
    using registry_base<F>::registry_base;

    /// Whoever holds `name`; an empty handle if nobody does. O(1). Checks the text only if nobody holds it.
    basic_handle<F> find(name_view name) const {
        boost::intrusive_ptr<basic_cell<F>> cell = this->find_cell(name);
        if (cell == nullptr) {
            name.check();
        }
        return basic_handle<F>(std::move(cell));
    }

    /// As find(), typed. The error says whether nobody or an actor of another type holds the name.
    template <class A>
    expected<ref<A, F>, lookup_error> lookup(name_view name) const {
        boost::intrusive_ptr<basic_cell<F>> cell = this->find_cell(name);
        if (cell == nullptr) [[unlikely]] {
            name.check();
            return error<A>(lookup_error::unknown_name, name);
        }
        if (!this->template is_a<A>(*cell)) [[unlikely]] {
            return error<A>(lookup_error::wrong_type, name, cell->operations->name);
        }
        return ref<A, F>(std::move(cell));
    }

    /// As lookup(), and waits while nobody holds `name`, for at most `patience` on the runtime's clock. Blocks, so on a
    /// worker of any runtime it gives `would_deadlock` instead; gives `stopped` once the runtime drains or stops.
    template <class A>
    expected<ref<A, F>, lookup_error> wait_for(name_view name, clock_duration patience) {
        auto found = lookup<A>(name);
        if (found || found.error().code != lookup_error::unknown_name) {
            return found;
        }
        if (this_thread().worker) {
            return error<A>(lookup_error::would_deadlock, name);
        }
        const waiting_scope waiting(this->book_);
        const time_limit limit(this->core(), patience, &ring_for, &this->book_);
        for (;;) {
            // Before the look at the names, so that what comes after it changes the word.
            const std::uint32_t heard = this->book_.bell().load(std::memory_order_seq_cst);
            found = lookup<A>(name);
            if (found || found.error().code != lookup_error::unknown_name) {
                return found;
            }
            if (!this->core().gate_open()) {
                return error<A>(lookup_error::stopped, name);
            }
            if (limit.over()) {
                return error<A>(lookup_error::timed_out, name);
            }
            limit.wait(this->book_.bell(), heard);
        }
    }

    /// The names that are `prefix` or begin with it and a slash, sorted; those of anonymous actors are left out. With a
    /// slash at its end, the longer ones only; an empty prefix gives all. O(n log n); names that change meanwhile may
    /// be missed.
    std::vector<std::string> names(std::string_view prefix = {}) const {
        const bool below = prefix.ends_with('/');
        if (below) {
            prefix.remove_suffix(1);
        }
        if (below || !prefix.empty()) {
            name_view(prefix).check();
        }
        std::vector<std::string> all;
        {
            const read_scope scope(lane_to(this->core()));
            this->book_.table().visit(scope, [&](const route_entry& each) {
                const std::string_view name = each.name();
                const bool inside = prefix.empty() || (name.starts_with(prefix) && name.size() > prefix.size() &&
                                                       name[prefix.size()] == '/');
                if ((inside || (name == prefix && !below)) && name[0] != '#' &&
                    each.current.load(std::memory_order_acquire)) {
                    all.emplace_back(name);
                }
            });
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    /// Names that lead somewhere, anonymous ones too. A number of the recent past.
    std::size_t size() const noexcept { return this->book_.table().size(); }

private:
    struct waiting_scope {
        explicit waiting_scope(name_book<F>& b) noexcept : book(b) { book.begin_wait(); }
        ~waiting_scope() { book.end_wait(); }
        waiting_scope(const waiting_scope&) = delete;
        waiting_scope& operator=(const waiting_scope&) = delete;
        name_book<F>& book;
    };

    static void ring_for(void* book) noexcept { static_cast<name_book<F>*>(book)->ring(); }

    template <class A>
    static unexpected<lookup_error> error(lookup_error::code_type code, name_view name, std::string_view found = {}) {
        return unexpected<lookup_error>(lookup_error{code, std::string(name.text()), type_name<A>(), found});
    }
};

}  // namespace drover
