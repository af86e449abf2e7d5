#pragma once

#include <cmath>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

#include "drover/actor/context.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/timer_handle.hpp"
#include "drover/balancing/build_error.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/pool/pool_options.hpp"

namespace drover {

/// Gives the members of a pool new weights now and then, if pool_options::weigh says how. The controller's own.
template <class F>
class pool_weigher {
public:
    using function = std::function<double(const member_figures&)>;

    pool_weigher(function weigh, clock_duration every) : weigh_(std::move(weigh)), every_(every) {}

    /// From now on `who` is told to weigh again. Throws std::system_error if the timer thread cannot be started.
    template <class Controller, class Again>
    void start(const ref<Controller, F>& who, Again again) {
        if (weigh_) {
            timer_ = who.tell_every(every_, std::move(again));
        }
    }

    /// True if one has another weight. What the function throws, and what it gives that is no weight, is reported as a
    /// failure of `me`, and the member keeps its weight. O(members).
    template <class Seats>
    bool weigh(Seats& seats, basic_context<F>& me) {
        bool changed = false;
        for (auto& each : seats) {
            try {
                const double fresh = weigh_(
                    {each.id, each.actor.name(), each.weight, each.link->load.read(), each.link->mean_latency()});
                if (!std::isfinite(fresh) || fresh < 0) {
                    throw std::invalid_argument(
                        join_text({"drover: pool_options::weigh gave ", each.actor.name(), " the weight ",
                                   detail::number_text(fresh), "; give it a finite one of 0 or more"}));
                }
                changed = changed || each.weight != fresh;
                each.weight = fresh;
            } catch (...) {
                me.core().report(failure{me.self().name(), me.self().id(), "weigh", std::current_exception()});
            }
        }
        return changed;
    }

private:
    const function weigh_;
    const clock_duration every_;
    timer_handle timer_;
};

}  // namespace drover
