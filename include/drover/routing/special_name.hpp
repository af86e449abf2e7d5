#pragma once

#include <string>
#include <utility>
#include <vector>

#include "drover/actor/handle.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/features/with.hpp"
#include "drover/routing/name_record.hpp"

namespace drover {

/// The message that tells of a name: see registry::notify().
template <class F>
struct basic_name_registered {
    static constexpr bool never_expires = true;

    std::string name;
    basic_handle<F> actor;
};

using name_registered = basic_name_registered<features>;

/// A wish to hear of a name, and, once it can be granted, what is told. A node of a list, made when the wish is, so
/// that granting it needs no memory under the lock.
template <class F>
struct name_notice {
    recipient<basic_name_registered<F>, F> to;
    basic_name_registered<F> message;
    name_notice* next = nullptr;
};

/// What writers keep of a name that is more than one actor's: its registration is not what readers find, but goes into
/// it.
template <class F>
struct special_name {
    name_record<F>* own = nullptr;           ///< counted: the actor that add() gave the name to
    std::string target;                      ///< the name that it is redirected to; empty: it is not
    std::vector<std::string> aliases;        ///< names that are redirected here, one by one
    std::vector<name_record<F>*> providers;  ///< counted
    tee_list<F> tees;
    name_notice<F>* notices = nullptr;

    bool is_idle() const noexcept {
        return own == nullptr && target.empty() && aliases.empty() && providers.empty() && tees.empty() &&
               notices == nullptr;
    }
};

}  // namespace drover
