#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "drover/actor/context.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/runtime.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/runtime/straggler.hpp"
#include "drover/scheduling/simulated.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/testing/fault_injector.hpp"
#include "drover/testing/fault_plan.hpp"

namespace drover {

/// The choices of one simulation beside its seed.
struct simulated_options {
    /// Messages an actor handles before the seed decides anew, 1 … 1 000 000. With 1 every order of messages can come
    /// up.
    std::size_t quantum = 1;
    /// Steps and turns of the clock that one wait, or one run_until_idle(), may take before it counts as endless; 1 or
    /// more.
    std::uint64_t most_steps = 10'000'000;
    std::size_t outbox = 0;  ///< as runtime_options::outbox
    /// Hears of every message that was not handled, as runtime_options::on_dead_letter does. Default: nobody; it is
    /// counted.
    std::function<void(const dead_letter&)> on_dead_letter{};
    /// Hears of every exception that left an actor's code. Default: a line in failures().
    std::function<void(const failure&)> on_failure{};
    /// Hears of every child that has not stopped within its spawn_options::stop_within, as
    /// runtime_options::on_straggler does. Default: a line in late_stops().
    std::function<void(const straggler&)> on_straggler{};
    clock_duration stop_deadline = std::chrono::seconds(10);  ///< as runtime_options::stop_deadline, in virtual time
    at_root on_escalation = runtime_options{}.on_escalation;  ///< as runtime_options::on_escalation
    fault_plan faults{};                                      ///< what is to go wrong
};

namespace detail {

// What must be there before the runtime, and after it.
template <class F>
struct simulation_frame {
    simulation_frame(const fault_plan& plan, std::uint64_t seed) : faults(plan, seed) {}

    manual_clock clock;
    fault_injector<F> faults;
    std::vector<std::string> failures;
    std::vector<std::string> late_stops;
};

}  // namespace detail

/// A runtime without threads, for tests: actors run in the thread that waits for them, one at a time, in an order that
/// follows from the seed, and time passes only when nothing else can happen. The same actors and refs as on a
/// basic_runtime. For one thread at a time; whatever would block (an answer's get(), drain(), stop(), the end) runs the
/// simulation until it need not wait any longer, turning the clock to the next timer whenever all actors are idle.
///
/// It tries orders of messages, not what two processors may do to one memory: data that actors share behind drover's
/// back is a matter for a thread sanitizer.
template <class F>
class basic_simulated_runtime : private detail::simulation_frame<F>, public runtime_with<F, simulated> {
    using frame = detail::simulation_frame<F>;
    using base = runtime_with<F, simulated>;

public:
    /// Throws std::invalid_argument for an option out of range.
    explicit basic_simulated_runtime(std::uint64_t seed, simulated_options options = {})
        : frame(options.faults, seed), base(runtime_choices(options), settings(seed, options)), seed_(seed) {}

    std::uint64_t seed() const noexcept { return seed_; }

    /// Gives one actor that is ready, if there is one, a run: one message, unless `quantum` says otherwise, or what an
    /// actor does beside messages. False if all are idle. Throws std::logic_error in a handler.
    bool step() {
        refuse_in_handler("step");
        return this->scheduler().step();
    }

    /// Runs actors until all are idle; time stands still. Gives the number of steps. Throws std::runtime_error after
    /// `most_steps` of them: actors send to one another without end.
    std::uint64_t run_until_idle() {
        refuse_in_handler("run_until_idle");
        std::uint64_t steps = 0;
        while (this->scheduler().step()) {
            count(steps);
        }
        return steps;
    }

    /// Lets `by` pass: runs actors until they are idle, then goes to the moment of the next timer, and so on, so that
    /// all that happens meanwhile happens in its time. Throws std::invalid_argument if `by` is negative, and as
    /// run_until_idle().
    void advance(clock_duration by) {
        refuse_in_handler("advance");
        if (by.count() < 0) {
            throw std::invalid_argument(
                join_text({"drover: simulated_runtime::advance got ", std::to_string(by.count()),
                           " ns, but time only moves forward; pass 0 or more"}));
        }
        const time_point end = later_by(this->now(), by);
        std::uint64_t steps = 0;
        do {
            while (this->scheduler().step()) {
                count(steps);
            }
            count(steps);
        } while (this->scheduler().turn_to_next_event(end));
        this->scheduler().turn_to(end);
        run_until_idle();
    }

    /// A number that stands for the order of all steps so far: two runs that went alike have the same.
    std::uint64_t fingerprint() const noexcept { return this->scheduler().fingerprint(); }

    /// What `on_failure` would have heard, a line each: "worker #3 failed in job: it broke".
    const std::vector<std::string>& failures() const noexcept { return frame::failures; }

    /// What `on_straggler` would have heard, a line each: "reader #3 has not stopped in time and waits for a free
    /// worker; …".
    const std::vector<std::string>& late_stops() const noexcept { return frame::late_stops; }

    /// Faults of the plan that have happened.
    std::size_t faults_injected() const noexcept { return frame::faults.injected(); }

private:
    runtime_options runtime_choices(simulated_options& options) {
        runtime_options chosen;
        chosen.threads = 1;
        chosen.quantum = options.quantum;
        chosen.quantum_time = clock_duration::max();  // real time decides nothing here
        chosen.outbox = options.outbox;
        chosen.name = "simulated";
        chosen.on_dead_letter = options.on_dead_letter ? std::move(options.on_dead_letter) : [](const dead_letter&) {};
        chosen.on_failure = options.on_failure ? std::move(options.on_failure) : [this](const failure& what) {
            frame::failures.push_back(to_line(what));
        };
        chosen.on_straggler = options.on_straggler ? std::move(options.on_straggler) : [this](const straggler& late) {
            frame::late_stops.push_back(to_line(late));
        };
        chosen.clock = &this->clock;
        chosen.stop_deadline = options.stop_deadline;
        chosen.on_escalation = options.on_escalation;
        return chosen;
    }

    simulated::settings settings(std::uint64_t seed, const simulated_options& options) {
        if (options.most_steps == 0) {
            throw std::invalid_argument("drover: simulated_options::most_steps is 0; use 1 or more");
        }
        simulated::settings chosen;
        chosen.seed = seed;
        chosen.most_steps = options.most_steps;
        chosen.clock = &this->clock;
        chosen.exchange_turn = [](void* other) noexcept -> void* {
            return std::exchange(basic_context<F>::current(), static_cast<basic_context<F>*>(other));
        };
        if (!frame::faults.empty()) {
            if (options.quantum != 1) {
                throw std::invalid_argument(
                    "drover: a fault_plan wants simulated_options::quantum 1; leave it as it is");
            }
            chosen.observer = &this->faults;
            chosen.before = [](void* injector, runnable* item) noexcept {
                return static_cast<detail::fault_injector<F>*>(injector)->before(static_cast<basic_cell<F>&>(*item));
            };
            chosen.run = [](void* injector, runnable* item, worker& me) noexcept {
                return static_cast<detail::fault_injector<F>*>(injector)->run(static_cast<basic_cell<F>&>(*item), me);
            };
        }
        return chosen;
    }

    void count(std::uint64_t& steps) const {
        if (steps == this->scheduler().most_steps()) {
            throw std::runtime_error(join_text({"drover: seed ", std::to_string(seed_), ": ", std::to_string(steps),
                                                " steps and the simulation still goes on; actors send to one another "
                                                "without end, or simulated_options::most_steps is too small"}));
        }
        steps += 1;
    }

    static void refuse_in_handler(const char* what) {
        if (this_thread().worker) {
            throw std::logic_error(join_text(
                {"drover: simulated_runtime::", what, "() inside a handler, which is itself a step; call it outside"}));
        }
    }

    std::uint64_t seed_;
};

using simulated_runtime = basic_simulated_runtime<features>;

}  // namespace drover
