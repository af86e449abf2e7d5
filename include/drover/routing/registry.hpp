#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/ref.hpp"
#include "drover/base/text.hpp"
#include "drover/routing/address.hpp"
#include "drover/routing/registry_ways.hpp"

namespace drover {

/// The names of one runtime: which actor holds which. Reached by `runtime::registry()` and `context::registry()`; a
/// router keeps it alive, and after the runtime's end it knows no names. Members are safe from any thread.
///
/// A name is an `address` or any text. Where a text is no name (fault_in_name() says why) members throw
/// std::invalid_argument. Looking up takes no lock and no locked instruction but for the count of the ref it gives; it
/// allocates at a thread's first use of a runtime, and for an error's text. Changes take one lock, copy a small part of
/// the table (O(1) amortised, the table doubles as names grow), and throw std::bad_alloc. Names are given up by
/// themselves when their actor has stopped, after its mailbox has gone to the dead letters.
template <class F>
class basic_registry final : public registry_ways<F> {
public:
    using registered = basic_name_registered<F>;

    explicit basic_registry(actor_core<F>& core) : registry_ways<F>(core) {}

    // --- names ------------------------------------------------------------------------------------------------------

    /// Gives `name` to `actor`; nothing if it has it already. Throws std::logic_error if another actor holds it or is
    /// one of its providers, if `actor` is empty or has stopped, and std::runtime_error if the runtime drains or has
    /// stopped.
    void add(name_view name, const basic_handle<F>& actor) {
        name.check_given();
        this->change_for(name, actor, "add", [&](name_changes<F>& after) {
            const name_record<F>* const holder = book_.registration(name);
            if (holder != nullptr && holder->cell() == actor.cell()) {
                return;
            }
            if (holder != nullptr) {
                throw std::logic_error(join_text({"drover: the name \"", name.text(), "\" is held by ",
                                                  this->label(*holder->cell()), ", so ", this->label(*actor.cell()),
                                                  " cannot have it; remove() it first, or use replace()"}));
            }
            this->refuse_service(name);
            if (!book_.hold(name, *actor.cell(), after)) {
                this->refuse_stopped(name, actor);
            }
        });
    }

    /// Gives `name` to `actor`, whoever holds it: at no moment does nobody. Throws as add(), but for another holder.
    void replace(name_view name, const basic_handle<F>& actor) {
        name.check_given();
        this->change_for(name, actor, "replace", [&](name_changes<F>& after) {
            this->refuse_service(name);
            const name_record<F>* const holder = book_.registration(name);
            if (holder != nullptr && holder->cell() == actor.cell()) {
                return;
            }
            if (!book_.hold(name, *actor.cell(), after)) {
                this->refuse_stopped(name, actor);
            }
        });
    }

    /// Takes `name` from whoever holds it. False if nobody does. Redirections and copies of the name stay.
    bool remove(name_view name) {
        return remove_if(name, [](const basic_cell<F>&) { return true; });
    }

    /// Only if `holder` holds it.
    bool remove(name_view name, const basic_handle<F>& holder) {
        return remove_if(name, [&](const basic_cell<F>& cell) { return &cell == holder.cell(); });
    }

    /// The address of an actor that may have no name: "#42". It can be used as a name until the actor stops.
    address anonymous(const basic_handle<F>& actor) {
        const address name = address::of(actor.id());
        this->change_for(name, actor, "anonymous", [&](name_changes<F>& after) {
            if (book_.registration(name) == nullptr && !book_.hold(name, *actor.cell(), after)) {
                this->refuse_stopped(name, actor);
            }
        });
        return name;
    }

    // --- services: a name with many actors ----------------------------------------------------------------------------

    /// Makes `actor` one of those that provide `service`; nothing if it is. Look-ups and sends by that name go to each
    /// in turn. Throws as add(); std::logic_error also if add() gave the name to one actor.
    void provide(name_view service, const basic_handle<F>& actor) {
        service.check_given();
        this->change_for(service, actor, "provide", [&](name_changes<F>& after) {
            if (const name_record<F>* const holder = book_.registration(service)) {
                throw std::logic_error(
                    join_text({"drover: the name \"", service.text(), "\" is held by ", this->label(*holder->cell()),
                               " alone, so ", this->label(*actor.cell()), " cannot provide it; use another name"}));
            }
            if (find_provider(service, actor) == nullptr && !book_.add_provider(service, *actor.cell(), after)) {
                this->refuse_stopped(service, actor);
            }
        });
    }

    /// The opposite. False if it does not provide `service`.
    bool withdraw(name_view service, const basic_handle<F>& actor) {
        service.check();
        return book_.with_lock([&](name_changes<F>& after) {
            name_record<F>* const found = find_provider(service, actor);
            if (found != nullptr) {
                book_.let_go(*found, after);
            }
            return found != nullptr;
        });
    }

    /// All that provide `service`, in the order in which they came; those of another type than `A` are left out.
    template <class A>
    std::vector<ref<A, F>> providers(name_view service) {
        service.check();
        return book_.with_lock([&](name_changes<F>&) {
            std::vector<ref<A, F>> all;
            if (const special_name<F>* const more = book_.find_special(service.text())) {
                for (const name_record<F>* each : more->providers) {
                    if (this->template is_a<A>(*each->cell())) {
                        all.emplace_back(boost::intrusive_ptr<basic_cell<F>>(each->cell()));
                    }
                }
            }
            return all;
        });
    }

    friend void intrusive_ptr_add_ref(basic_registry* self) noexcept {
        self->references_.fetch_add(1, std::memory_order_relaxed);
    }
    friend void intrusive_ptr_release(basic_registry* self) noexcept {
        if (self->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete self;
        }
    }

private:
    using registry_base<F>::book_;

    template <class Test>
    bool remove_if(name_view name, Test test) {
        name.check();
        return book_.with_lock([&](name_changes<F>& after) {
            name_record<F>* const holder = book_.registration(name);
            if (holder == nullptr || !test(*holder->cell())) {
                return false;
            }
            book_.let_go(*holder, after);
            return true;
        });
    }

    name_record<F>* find_provider(name_view service, const basic_handle<F>& actor) noexcept {
        const special_name<F>* const more = book_.find_special(service.text());
        if (more != nullptr) {
            for (name_record<F>* each : more->providers) {
                if (each->cell() == actor.cell()) {
                    return each;
                }
            }
        }
        return nullptr;
    }

    std::atomic<std::uint64_t> references_{0};
};

using registry = basic_registry<features>;

}  // namespace drover
