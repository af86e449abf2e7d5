#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "drover/actor/directive.hpp"
#include "drover/actor/group.hpp"
#include "drover/actor/guard.hpp"
#include "drover/base/text.hpp"
#include "drover/supervision/backoff.hpp"
#include "drover/supervision/restart_window.hpp"

namespace drover {

/// When an actor is restarted, if its directive is to restart.
enum class child_kind : std::uint8_t {
    transient,  ///< when it fails
    permanent,  ///< also when it stops itself by context::stop(); what others ask for still stops it
    temporary,  ///< never: neither when it fails nor with others of its group
};

/// What a failure of an actor does. An actor's type says it for all of its kind,
/// `static constexpr drover::supervision supervision{.limit = {.count = 3}};`, and drover::supervised for one actor as
/// it is spawned. An actor of which neither is said stops when it fails.
///
/// The decision: `decide` if there is one, else `on_failure`, else `static directive on_failure(const
/// std::exception_ptr&)` of the actor's type, else restart.
struct supervision {
    std::optional<directive> on_failure{};
    directive (*decide)(const std::exception_ptr&) = nullptr;  ///< on the actor's worker; if it throws, the actor stops
    restart_limit limit{};
    /// Instead of a restart beyond the limit: `stop`, `escalate`, or `restart` all the same, but each after
    /// `backoff.most`.
    directive beyond = directive::stop;
    drover::backoff backoff{};
    child_kind kind = child_kind::transient;
    std::uint32_t redeliver =
        0;  ///< how often a message is delivered again after its handler threw, if the actor goes on
    strategy children = strategy::one_for_one;  ///< of the actor's own children: who is restarted with one that is

    // --- for the runtime ---------------------------------------------------------------------------------------------

    /// What supervises an actor that is built from `arguments`, of which it keeps copies if they can be copied.
    template <class A, class F, class... Arguments>
    guard_pointer<F> guard(const Arguments&... arguments) const;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const supervision& plan) {
    const auto refuse = [](std::string_view what) {
        throw std::invalid_argument(join_text({"drover: supervision::", what}));
    };
    if (plan.limit.count > 65536) {
        refuse(join_text({"limit.count is ", std::to_string(plan.limit.count), "; use 0 to 65536 restarts"}));
    }
    if (plan.redeliver > 65536) {
        refuse(join_text({"redeliver is ", std::to_string(plan.redeliver), "; use 0 to 65536 times"}));
    }
    if (plan.limit.within.count() <= 0) {
        refuse(join_text({"limit.within is ", std::to_string(plan.limit.within.count()), " ns; use more than 0"}));
    }
    if (plan.beyond == directive::resume) {
        refuse("beyond is resume; use stop, escalate or restart");
    }
    if (plan.backoff.first.count() < 0 || plan.backoff.most < plan.backoff.first) {
        refuse(join_text({"backoff goes from ", std::to_string(plan.backoff.first.count()), " to ",
                          std::to_string(plan.backoff.most.count()), " ns; use 0 or more, the larger one last"}));
    }
    if (!(plan.backoff.factor >= 1.0)) {
        refuse(join_text({"backoff.factor is ", std::to_string(plan.backoff.factor), "; use 1 or more"}));
    }
    if (!(plan.backoff.jitter >= 0.0 && plan.backoff.jitter <= 1.0)) {
        refuse(join_text({"backoff.jitter is ", std::to_string(plan.backoff.jitter), "; use 0 to 1"}));
    }
    if (plan.backoff.quiet.count() <= 0) {
        refuse(join_text({"backoff.quiet is ", std::to_string(plan.backoff.quiet.count()), " ns; use more than 0"}));
    }
}

}  // namespace drover
