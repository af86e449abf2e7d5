#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/actor/recipient.hpp"
#include "drover/base/text.hpp"
#include "drover/routing/registry_reading.hpp"

namespace drover {

/// The part of a registry for names that lead to more, or elsewhere, than to the actor that holds them.
template <class F>
class registry_ways : public registry_reading<F> {
public:
    using registry_reading<F>::registry_reading;

    /// From now on `from` leads where `to` leads, now and later, also if nobody holds `to`; until unredirect(). Who
    /// holds `from` keeps it and has it again then. A second call changes the goal. Throws std::logic_error if it would
    /// close a loop, and as add() when the runtime ends.
    void redirect(name_view from, name_view to) {
        from.check_given();
        to.check();
        this->change(from, "redirect", [&](name_changes<F>& after) {
            if (book_.leads_to(to.text(), from.text())) {
                throw std::logic_error(join_text({"drover: redirecting \"", from.text(), "\" to \"", to.text(),
                                                  "\" would close a loop, because \"", to.text(),
                                                  "\" leads to it already; unredirect() that first"}));
            }
            const std::string alias(from.text());
            special_name<F>& source = book_.make_special(from);
            special_name<F>& goal = book_.make_special(to);
            goal.aliases.push_back(alias);
            forget_alias(source, alias);
            source.target = std::string(to.text());
            book_.refresh(alias, source, after);
        });
    }

    /// False if it was not redirected.
    bool unredirect(name_view from) {
        return this->change(from, "unredirect", [&](name_changes<F>& after) {
            special_name<F>* const source = book_.find_special(from.text());
            if (source == nullptr || source->target.empty()) {
                return false;
            }
            const std::string alias(from.text());
            forget_alias(*source, alias);
            book_.refresh(alias, *source, after);
            book_.tidy(alias);
            return true;
        });
    }

    /// A copy of every message of type `M` that a router tells by `name` goes to `listener` too, before the message
    /// itself goes to the actor. Copies are messages of their own in the accounts. Not of asks; not by other names that
    /// are redirected to `name`; not while nobody holds it. Throws as add() when the runtime ends.
    template <class M>
    void tee(name_view name, const recipient<M, F>& listener) {
        static_assert(std::is_copy_constructible_v<M>,
                      "drover: message not copyable: tee sends a copy, so the message needs a copy constructor");
        if constexpr (std::is_copy_constructible_v<M>) {
            auto fresh = std::make_shared<const typed_tee<M, F>>(listener);
            this->change(name, "tee", [&](name_changes<F>& after) {
                special_name<F>& more = book_.make_special(name);
                more.tees.push_back(std::move(fresh));
                book_.refresh(std::string(name.text()), more, after);
            });
        }
    }

    /// No copies to `listener` any more, of whatever type. False if there were none.
    bool untee(name_view name, const basic_handle<F>& listener) {
        return this->change(name, "untee", [&](name_changes<F>& after) {
            special_name<F>* const more = book_.find_special(name.text());
            if (more == nullptr ||
                std::erase_if(more->tees, [&](const auto& each) { return each->to == listener; }) == 0) {
                return false;
            }
            book_.refresh(std::string(name.text()), *more, after);
            book_.tidy(name.text());
            return true;
        });
    }

    /// Tells `listener` once, as soon as somebody holds `name`: before this returns if somebody does.
    void notify(name_view name, recipient<basic_name_registered<F>, F> listener) {
        auto notice = std::make_unique<name_notice<F>>();
        notice->to = std::move(listener);
        notice->message.name = std::string(name.text());
        this->change(name, "notify", [&](name_changes<F>& after) {
            if (const name_record<F>* const present = book_.present(name)) {
                if (basic_cell<F>* const cell = name_record<F>::pick(*present)) {
                    notice->message.actor = basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(cell));
                }
                after.notices = notice.release();
            } else {
                special_name<F>& more = book_.make_special(name);
                notice->next = more.notices;
                more.notices = notice.release();
            }
        });
    }

protected:
    using registry_base<F>::book_;

private:
    // The goal of a redirection, if there is one, is none any more.
    void forget_alias(special_name<F>& source, const std::string& alias) noexcept {
        if (!source.target.empty()) {
            const std::string goal = std::move(source.target);
            source.target.clear();
            special_name<F>& before = *book_.find_special(goal);
            const auto found = std::find(before.aliases.begin(), before.aliases.end(), alias);
            before.aliases.erase(found);
            book_.tidy(goal);
        }
    }
};

}  // namespace drover
