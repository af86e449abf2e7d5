#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/routing/name_announcer.hpp"
#include "drover/routing/name_record.hpp"
#include "drover/routing/name_table.hpp"
#include "drover/routing/special_name.hpp"

namespace drover {

/// The writers' side of a registry: every change of a name, under one lock. Nearly all names are one registration each,
/// and that record is what readers find. A name with providers, copies, a redirection or a wish to hear of it is
/// special: what readers find of it is composed anew with each change of what it depends on.
template <class F>
class name_book : public name_announcer<F> {
public:
    using record = name_record<F>;
    using changes = name_changes<F>;
    using special = special_name<F>;

    using name_announcer<F>::name_announcer;

    const name_table& table() const noexcept { return table_; }

    // --- all below: under the lock -------------------------------------------------------------------------------------

    special* find_special(std::string_view name) noexcept {
        const auto found = specials_.find(name);
        return found != specials_.end() ? &found->second : nullptr;
    }

    /// The registration of a name, whatever readers find under it. Null if it has none.
    record* registration(name_view name) noexcept {
        if (const special* const more = find_special(name.text())) {
            return more->own;
        }
        return present(name);
    }

    /// What readers find. Null if nothing.
    record* present(name_view name) noexcept {
        route_entry* const found = table_.find(name);
        return found != nullptr && found->current.load(std::memory_order_relaxed) ? static_cast<record*>(found)
                                                                                  : nullptr;
    }

    /// The name is special from now on. Throws std::bad_alloc.
    special& make_special(name_view name) {
        if (special* const found = find_special(name.text())) {
            return *found;
        }
        special& fresh = specials_[std::string(name.text())];
        fresh.own = present(name);
        if (fresh.own != nullptr) {
            fresh.own->retain();
        }
        return fresh;
    }

    /// Registers `cell` in place of who is registered. False if it has stopped. Throws std::bad_alloc; then nothing has
    /// changed but for a special name, which may lead nowhere.
    bool hold(name_view name, basic_cell<F>& cell, changes& after) {
        record* const before = registration(name);
        record* const fresh = listen(name, cell);
        if (fresh == nullptr) {
            return false;
        }
        if (special* const more = find_special(name.text())) {
            more->own = fresh;
            if (before != nullptr) {
                stop_listening(*before);
                before->release();
            }
            refresh(std::string(name.text()), *more, after);
        } else {
            try {
                table_.put(*fresh, after.garbage);
            } catch (...) {
                stop_listening(*fresh);
                fresh->release();
                throw;
            }
            after.published = true;
            if (before != nullptr) {
                stop_listening(*before);
            }
        }
        return true;
    }

    /// Takes its name from a registration.
    void let_go(record& gone, changes& after) {
        stop_listening(gone);
        withdraw(gone, after);
    }

    bool add_provider(name_view name, basic_cell<F>& cell, changes& after) {
        special& more = make_special(name);
        more.providers.reserve(more.providers.size() + 1);
        record* const fresh = listen(name, cell);
        if (fresh != nullptr) {
            more.providers.push_back(fresh);
            refresh(std::string(name.text()), more, after);
        }
        tidy(name.text());
        return fresh != nullptr;
    }

    /// After a change of a special name: what readers find of it and of every name redirected to it. Throws
    /// std::bad_alloc; then some of them lead nowhere until they are changed again.
    void refresh(const std::string& name, special& more, changes& after) {
        const name_view view(name);
        record* fresh = nullptr;
        try {
            fresh = compose(view, more);
            if (fresh != nullptr) {
                table_.put(*fresh, after.garbage);
            }
        } catch (...) {
            if (fresh != nullptr) {
                fresh->release();
            }
            leave_nothing(view, after);
            throw;
        }
        if (fresh == nullptr) {
            leave_nothing(view, after);
        } else {
            after.published = true;
            grant(more, *fresh, after);
        }
        for (const std::string& each : more.aliases) {
            refresh(each, *find_special(each), after);
        }
    }

    /// Forgets a special name of which nothing is left.
    void tidy(std::string_view name) noexcept {
        const auto found = specials_.find(name);
        if (found != specials_.end() && found->second.is_idle()) {
            specials_.erase(found);
        }
    }

    /// Where a name leads by redirections: itself, if by none.
    std::string_view end_of(std::string_view name) noexcept {
        for (const special* more = find_special(name); more != nullptr && !more->target.empty();
             more = find_special(name)) {
            name = more->target;
        }
        return name;
    }

    bool leads_to(std::string_view from, std::string_view to) noexcept {
        for (const special* more = nullptr; from != to; from = more->target) {
            more = find_special(from);
            if (more == nullptr || more->target.empty()) {
                return false;
            }
        }
        return true;
    }

    /// At the end of the runtime, when every actor has stopped: nothing is kept that owns a count on one.
    void clear() noexcept {
        this->with_lock([this](changes& after) {
            const auto release_all = [](auto& records) {
                for (record* each : records) {
                    each->release();
                }
            };
            for (auto& [name, more] : specials_) {
                leave_nothing(name_view(name), after);
                if (more.own != nullptr) {
                    more.own->release();
                }
                release_all(more.providers);
                for (name_notice<F>* each = more.notices; each != nullptr;) {
                    delete std::exchange(each, each->next);
                }
            }
            specials_.clear();
        });
    }

private:
    // A registration with two counts: its holder's and its actor's, which goes when it hears of the end or is
    // forgotten. Null if the actor has stopped.
    record* listen(name_view name, basic_cell<F>& cell) {
        record* const fresh = record::create(name, &cell, nullptr, this, &departed);
        fresh->retain();
        bool listens = false;
        try {
            listens = cell.on_departure(*fresh);
        } catch (...) {
            fresh->release();
            fresh->release();
            throw;
        }
        if (!listens) {
            fresh->release();
            fresh->release();
            return nullptr;
        }
        return fresh;
    }

    void stop_listening(record& gone) noexcept {
        gone.registered = false;
        if (gone.cell()->forget(gone)) {
            gone.release();
        }
    }

    // In the thread that stops the actor.
    static void departed(departure* listener) noexcept {
        auto* const gone = static_cast<record*>(static_cast<record_upkeep<F>*>(listener));
        gone->book->with_lock([gone](changes& after) {
            if (std::exchange(gone->registered, false)) {
                try {
                    gone->book->withdraw(*gone, after);
                } catch (const std::bad_alloc&) {
                    return;  // refresh() has left the name leading nowhere
                }
            }
        });
        gone->release();
    }

    void withdraw(record& gone, changes& after) {
        special* const more = find_special(gone.name());
        if (more == nullptr) {
            table_.erase(gone, after.garbage);
            return;
        }
        const std::string name(gone.name());
        if (more->own == &gone) {
            more->own = nullptr;
        } else {
            std::erase(more->providers, &gone);
        }
        gone.release();
        refresh(name, *more, after);
        tidy(name);
    }

    // Null if nobody is there.
    record* compose(name_view name, const special& more) {
        const special* const end = find_special(end_of(name.text()));
        basic_cell<F>* const cell = end != nullptr && end->own != nullptr ? end->own->cell() : nullptr;
        const bool several = end != nullptr && cell == nullptr && !end->providers.empty();
        if (cell == nullptr && !several) {
            return nullptr;
        }
        std::unique_ptr<route_extra<F>> extra;
        if (several || !more.tees.empty()) {
            extra = std::make_unique<route_extra<F>>();
            extra->tees = more.tees;
            if (several) {
                for (const record* each : end->providers) {
                    extra->providers.emplace_back(each->cell());
                }
            }
        }
        return record::create(name, cell, std::move(extra));
    }

    void leave_nothing(name_view name, changes& after) noexcept {
        if (record* const found = present(name)) {
            table_.erase(*found, after.garbage);
        }
    }

    static void grant(special& more, const record& found, changes& after) noexcept {
        while (more.notices != nullptr) {
            name_notice<F>* const first = more.notices;
            more.notices = first->next;
            if (basic_cell<F>* const cell = record::pick(found)) {
                first->message.actor = basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(cell));
            }
            first->next = std::exchange(after.notices, first);
        }
    }

    name_table table_;
    std::map<std::string, special, std::less<>> specials_;
};

}  // namespace drover
