#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

template <class A, class F>
class ref;

template <class F>
void intrusive_ptr_add_ref(basic_cell<F>* cell) noexcept {
    cell->retain();
}
template <class F>
void intrusive_ptr_release(basic_cell<F>* cell) noexcept {
    cell->release();
}

/// What every reference to an actor can do, whatever its type: compare, name, stop. One pointer; a copy is one atomic
/// increment. Refers to nobody when default-constructed. All members are safe from any thread and after the actor, and
/// even its runtime, is gone.
template <class F>
class basic_handle {
public:
    basic_handle() noexcept = default;

    explicit operator bool() const noexcept { return cell_ != nullptr; }

    /// actor_id::none for an empty handle.
    actor_id id() const noexcept { return cell_ != nullptr ? cell_->id : actor_id::none; }

    /// The name given at spawn, else the actor's type. Valid as long as a handle to this actor is.
    std::string_view name() const noexcept { return cell_ != nullptr ? cell_->name() : std::string_view("nobody"); }

    /// Asks the actor to stop after the handler that runs now; what is queued becomes dead letters. Its children stop
    /// first. Never blocks, and needs no memory but for a thread's first use of a runtime, which ends the process if
    /// there is none; does nothing on an empty handle or a stopped actor.
    void stop() const noexcept {
        if (cell_ != nullptr) {
            cell_->request_stop(stop_kind::stopped);
        }
    }

    /// Asks the actor to stop once it has handled what was sent before this. As stop() otherwise.
    void stop_when_drained() const noexcept {
        if (cell_ != nullptr) {
            cell_->request_stop_when_drained();
        }
    }

    /// Has the actor stopped for good? Once true it stays true.
    bool stopped() const noexcept { return cell_ == nullptr || cell_->system.is_closed(); }

    /// The typed ref. Throws std::logic_error naming both types if the actor is of another type.
    template <class A>
    ref<A, F> as() const {
        if (cell_ != nullptr && *cell_->operations->type != typeid(A)) {
            throw std::logic_error(join_text({"drover: the actor is a ", cell_->operations->name, " and not a ",
                                              type_name<A>(), "; ask for a ref of its own type"}));
        }
        return ref<A, F>(cell_);
    }

    template <class A>
    operator ref<A, F>() const {
        return as<A>();
    }

    friend bool operator==(const basic_handle& a, const basic_handle& b) noexcept { return a.cell_ == b.cell_; }
    friend std::strong_ordering operator<=>(const basic_handle& a, const basic_handle& b) noexcept {
        return std::compare_three_way{}(a.cell_.get(), b.cell_.get());
    }

    explicit basic_handle(boost::intrusive_ptr<basic_cell<F>> cell) noexcept : cell_(std::move(cell)) {}
    basic_cell<F>* cell() const noexcept { return cell_.get(); }

protected:
    boost::intrusive_ptr<basic_cell<F>> cell_;
};

using handle = basic_handle<features>;

}  // namespace drover

template <class F>
struct std::hash<drover::basic_handle<F>> {
    std::size_t operator()(const drover::basic_handle<F>& h) const noexcept {
        return std::hash<const void*>{}(h.cell());
    }
};
