#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/core.hpp"
#include "drover/actor/handle.hpp"
#include "drover/base/text.hpp"
#include "drover/routing/address.hpp"
#include "drover/routing/name_book.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// What the parts of a registry share: the names, and how a change of them begins.
template <class F>
class registry_base {
public:
    explicit registry_base(actor_core<F>& core) : core_(core), book_(core) {}
    registry_base(const registry_base&) = delete;
    registry_base& operator=(const registry_base&) = delete;

    actor_core<F>& core() const noexcept { return core_.record; }

    /// Calls `visit` with what `name` leads to, or null, inside a read_scope: nothing is counted, so threads that look
    /// up the same name write no line that another reads. No user code in `visit`. As look-ups otherwise.
    template <class Visit>
    auto visit_route(name_view name, Visit visit) const {
        const read_scope scope(lane_to(core()));
        return visit(book_.table().find(scope, name));
    }

    /// What `name` leads to, with a count for the caller; null if nobody holds it. As look-ups otherwise.
    route_entry* acquire(name_view name) const {
        return visit_route(name, [](route_entry* found) {
            if (found != nullptr) {
                found->retain();
            }
            return found;
        });
    }

    /// The gate is closed: nobody need wait for a name any more.
    void wake() noexcept { book_.ring(); }
    /// Every actor has stopped and no thread is inside a change.
    void end() noexcept { book_.clear(); }

    template <class A>
    static bool is_a(const basic_cell<F>& cell) noexcept {
        const std::type_info& found = *cell.operations->type;
        return &found == &typeid(A) || found == typeid(A);
    }

protected:
    using cell_pointer = boost::intrusive_ptr<basic_cell<F>>;

    ~registry_base() = default;

    /// Somebody who changes names from outside is a sender: the end of the runtime waits for it.
    template <class Change>
    auto change(name_view name, const char* what, Change make) {
        name.check();
        lane& mine = lane_to(core());
        const send_bracket bracket(mine);
        if (core().stopping() || (!mine.worker && !core().gate_open())) {
            throw std::runtime_error(
                join_text({"drover: registry::", what, " of \"", name.text(),
                           "\" on a runtime that drains or has stopped; do it before drain() and stop()"}));
        }
        return book_.with_lock(make);
    }

    /// As above, for a name that `actor` is to have.
    template <class Change>
    void change_for(name_view name, const basic_handle<F>& actor, const char* what, Change make) {
        if (!actor) {
            throw std::logic_error(join_text(
                {"drover: registry::", what, " of \"", name.text(), "\" for an empty ref; spawn the actor first"}));
        }
        if (&actor.cell()->core->timers != &core().timers) {
            throw std::logic_error(
                join_text({"drover: registry::", what, " of \"", name.text(), "\" for ", label(*actor.cell()),
                           ", an actor of another runtime; use its own registry"}));
        }
        change(name, what, make);
    }

    [[noreturn]] static void refuse_stopped(name_view name, const basic_handle<F>& actor) {
        throw std::logic_error(join_text({"drover: the name \"", name.text(), "\" cannot go to ", label(*actor.cell()),
                                          ", which has stopped; spawn it again"}));
    }

    void refuse_service(name_view name) {
        const special_name<F>* const more = book_.find_special(name.text());
        if (more != nullptr && !more->providers.empty()) {
            throw std::logic_error(join_text({"drover: the name \"", name.text(), "\" is a service of ",
                                              label(*more->providers.front()->cell()),
                                              " and perhaps others; provide() it too, or use another name"}));
        }
    }

    /// For people: "worker #7".
    static std::string label(const basic_cell<F>& cell) {
        return join_text({cell.name(), " #", std::to_string(to_integer(cell.id))});
    }

    cell_pointer find_cell(name_view name) const {
        return visit_route(name, [](const route_entry* found) {
            return found != nullptr ? cell_pointer(name_record<F>::pick(*found)) : cell_pointer();
        });
    }

private:
    // Declared first, so that it goes last.
    struct counted_core {
        explicit counted_core(actor_core<F>& r) noexcept : record(r) { record.retain(); }
        ~counted_core() { record.release(); }
        counted_core(const counted_core&) = delete;
        counted_core& operator=(const counted_core&) = delete;
        actor_core<F>& record;
    } core_;

protected:
    name_book<F> book_;
};

}  // namespace drover
