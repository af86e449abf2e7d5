#pragma once

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/answer.hpp"
#include "drover/actor/await_ask.hpp"
#include "drover/actor/await_room.hpp"
#include "drover/actor/dead_letter_event.hpp"
#include "drover/actor/deadline_scope.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/receive_timeout.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/actor/watch.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What a handler may do besides its own work. Valid during the handler, in its thread (a coroutine's until it has
/// finished); do not keep it.
template <class F>
class basic_context {
public:
    using take_function = std::size_t(basic_cell<F>&, const operations_of<F>*, message_node**, std::size_t) noexcept;

    basic_context(basic_cell<F>& cell, worker& on, take_function* take) noexcept
        : cell_(cell), worker_(&on), take_(take) {
        current() = this;
    }
    /// The one for coroutines, which go on in later turns; see move_to().
    explicit basic_context(basic_context* first) noexcept
        : cell_(first->cell_), worker_(first->worker_), take_(first->take_) {}
    basic_context(const basic_context&) = delete;
    basic_context& operator=(const basic_context&) = delete;

    /// The actor itself: compare it, name it, or turn it into a typed ref by `self<worker>()` or by assigning it to
    /// one.
    basic_handle<F> self() const noexcept { return basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(&cell_)); }

    /// Throws std::logic_error if this actor is no `A`.
    template <class A>
    ref<A, F> self() const {
        return self().template as<A>();
    }

    /// The time on the runtime's clock.
    time_point now() const noexcept { return cell_.core->timers.now(); }

    /// When the time is over that this handler was given, on the runtime's clock: by its message's deadline or a
    /// deadline_scope; time_point::max() if there is no end. Of a feature bundle without deadlines, only a coroutine
    /// handler has one: of its asker's timeout.
    time_point deadline() const noexcept { return present_deadline(cell_.core->timers); }

    /// How much of it is left, which is not positive once it is over; clock_duration::max() if there is no end.
    clock_duration time_left() const noexcept {
        const time_point end = deadline();
        return end == time_point::max() ? clock_duration::max() : end - now();
    }

    /// What is sent while the result stands is to be dealt with within `after` from now: see deadline_scope.
    template <class Bundle = F>
    deadline_scope within(clock_duration after) const noexcept {
        static_assert(check_deadlines<Bundle>());
        return deadline_scope(cell_.core->timers, after);
    }

    /// Stops this actor when the present handler returns; what is queued becomes dead letters. A permanent actor
    /// (supervision/supervision.hpp) is restarted instead.
    void stop() noexcept {
        if (actor_guard<F>* const guard = guard_of(cell_); guard != nullptr && guard->plan_says.permanent) {
            guard->end_itself(cell_);
        } else {
            cell_.request_stop(stop_kind::stopped);
        }
    }

    /// Stops this actor when what is queued now has been handled.
    void stop_when_drained() noexcept { cell_.request_stop_when_drained(); }

    /// A child: it stops when this actor stops, before it, the youngest child first. As basic_runtime::spawn otherwise.
    template <class A, class... Arguments>
    ref<A, F> spawn(Arguments&&... arguments) {
        return spawn_actor<A, F>(*cell_.core, &cell_, std::forward<Arguments>(arguments)...);
    }
    template <class Callable>
        requires(!is_spawn_options<std::remove_cvref_t<Callable>>)
    ref<std::decay_t<Callable>, F> spawn(Callable&& callable) {
        return spawn_actor<std::decay_t<Callable>, F>(*cell_.core, &cell_, std::forward<Callable>(callable));
    }
    template <class Options, class Callable>
        requires is_spawn_options<Options>
    ref<std::decay_t<Callable>, F> spawn(Options options, Callable&& callable) {
        return spawn_actor<std::decay_t<Callable>, F>(*cell_.core, &cell_, std::move(options),
                                                      std::forward<Callable>(callable));
    }

    /// Hears once of the end of `target`, an actor of any runtime, and of its reason; also if it has stopped already.
    /// The notice comes as a handler runs, ahead of messages, and not after this actor has begun to stop or to restart:
    /// a state watches for itself. False, and nothing changes, if `target` is empty, this actor itself, or watched
    /// already. Allocates; never blocks. Here the notice is a basic_stopped_event<F> to the handler of this actor,
    /// whose type is `A`: std::logic_error if it is not.
    template <class A>
    bool watch(const basic_handle<F>& target) {
        using event = basic_stopped_event<F>;
        if constexpr (check_tell<A, event, F>()) {
            static_cast<void>(self<A>());
            return watch(target, [&cell = cell_](event&& heard) {
                static_cast<void>(
                    detail::call_handler<A, event, F>(actor_cell<A, F>::state_of(cell), std::move(heard), *current()));
            });
        } else {
            return false;
        }
    }
    /// As above; the notice is a call of `f(basic_stopped_event<F>)`, which is destroyed when the watch ends.
    template <class Callable>
    bool watch(const basic_handle<F>& target, Callable f) {
        if (!target || target.cell() == &cell_) {
            return false;
        }
        cell_extra<F>& more = cell_.more();
        if (more.watches == nullptr) {
            more.watches = std::make_shared<watch_table<F>>();
        }
        if (more.watches->holds(target.cell())) {
            return false;
        }
        more.watches->add(*target.cell(), cell_, std::move(f));
        return true;
    }

    /// No notice of `target` comes any more. False if it was not watched, or if the notice has come.
    bool unwatch(const basic_handle<F>& target) noexcept {
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);
        return extra != nullptr && extra->watches != nullptr && extra->watches->remove(target.cell());
    }

    /// From now on this actor hears, as a handler runs and ahead of messages, when no message has come to it for
    /// `after`, and again after each such time, until it is cleared, set anew, or the actor restarts or begins to stop;
    /// not while its runtime drains. Each message then also costs a look at the clock. Here the notice is a
    /// receive_timeout to the handler of this actor, whose type is `A`: std::logic_error if it is not. Throws
    /// std::invalid_argument if `after` is not positive, std::bad_alloc, and std::system_error if the timer thread
    /// cannot be started.
    template <class A>
    void set_receive_timeout(clock_duration after) {
        if constexpr (check_tell<A, receive_timeout, F>()) {
            static_cast<void>(self<A>());
            set_receive_timeout(after, [&cell = cell_](receive_timeout&& notice) {
                static_cast<void>(detail::call_handler<A, receive_timeout, F>(actor_cell<A, F>::state_of(cell),
                                                                              std::move(notice), *current()));
            });
        }
    }
    /// As above; the notice is a call of `f(receive_timeout)`.
    template <class Callable>
    void set_receive_timeout(clock_duration after, Callable f) {
        if (after.count() <= 0) {
            throw std::invalid_argument(join_text({"drover: set_receive_timeout got ", std::to_string(after.count()),
                                                   " ns; use more than 0, or clear_receive_timeout()"}));
        }
        cell_extra<F>& more = cell_.more();
        if (more.silence == nullptr) {
            more.silence = std::make_shared<receive_timer<F>>(cell_);
        }
        more.silence->set(after, std::move(f));
        if (cell_.phase == cell_phase::running) {
            const inside_scope scope(worker_->inside);
            cell_.phase = cell_phase::timed;
        }
    }

    /// No notice comes any more.
    void clear_receive_timeout() noexcept {
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);
        if (extra != nullptr && extra->silence != nullptr) {
            extra->silence->clear();
        }
    }

    /// The names of this runtime; routing/registry.hpp says what it does.
    basic_registry<F>& registry() const noexcept { return cell_.core->registry(); }

    /// In a handler that returns `drover::later<R>`: takes over the answer. Empty if the message was told, or if the
    /// handler returns no `later`. Throws std::logic_error if it returns `later` of another type, or took the promise
    /// before.
    template <class R>
    basic_promise<R, F> later() {
        if (request_ == nullptr) {
            return {};
        }
        if (request_->reply != type_name<R>()) {
            throw std::logic_error(join_text({"drover: later<", type_name<R>(), "> in a handler whose reply is ",
                                              request_->reply, "; return drover::later of the same type"}));
        }
        auto& right = *static_cast<request<R, F>*>(request_->right);
        if (!right) {
            throw std::logic_error("drover: the promise of this ask has been taken already; keep the first one");
        }
        return basic_promise<R, F>(std::move(right));
    }

    /// As basic_runtime::subscribe_dead_letters.
    bool subscribe_dead_letters(const recipient<dead_letter_event, F>& subscriber) {
        return cell_.core->dead_letter_hub->add(subscriber);
    }
    bool unsubscribe_dead_letters(const basic_handle<F>& subscriber) {
        return cell_.core->dead_letter_hub->remove(subscriber.id());
    }

    // --- for the runtime ---------------------------------------------------------------------------------------------

    /// The context of the handler that runs on this thread; null on a thread that is no worker. Between two runs a
    /// worker runs no code that could ask for it.
    [[gnu::visibility("default")]] static basic_context*& current() noexcept {
        static constinit thread_local basic_context* present = nullptr;
        return present;
    }

    /// Messages out of a stash, linked from first to last: handled in order when the present handler has returned,
    /// before anything in the mailbox. Throws std::bad_alloc; then it has not taken them.
    void replay(message_node* first, message_node* last) {
        cell_.more().give_back(first, last);
        if (is_running(cell_.phase)) {
            const inside_scope scope(worker_->inside);
            cell_.phase = cell_phase::replaying;
        }
    }

    /// What this actor's asks were to continue with is destroyed unrun.
    void abandon_asks() noexcept {
        const inside_scope scope(worker_->inside);
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);
        while (extra != nullptr && extra->asks != nullptr) {
            extra->asks->abandon(*extra->asks);
        }
    }

    /// The message that runs now finds no handler in the present behaviour.
    void leave_unhandled() noexcept {
        const inside_scope scope(worker_->inside);
        cell_.phase = cell_phase::unhandled;
    }

    actor_core<F>& core() noexcept { return *cell_.core; }
    basic_cell<F>& cell() noexcept { return cell_; }
    worker& on() noexcept { return *worker_; }
    void move_to(worker& other) noexcept { worker_ = &other; }

    template <class A>
    A& state() noexcept {
        return actor_cell<A, F>::state_of(cell_);
    }

    /// More messages with this very record, if they come next: at most `most`, into `nodes`. Their payloads are the
    /// caller's to destroy; so is the memory of all but the last.
    std::size_t take_more(const operations_of<F>* record, message_node** nodes, std::size_t most) noexcept {
        const std::size_t taken = take_(cell_, record, nodes, most);
        batched_ += taken;
        return taken;
    }

    /// One of those is not to be handled: its deadline has passed. Buries it; its memory is the caller's as before.
    void leave_out(message_node* node) noexcept {
        take_(cell_, nullptr, &node, 1);
        batched_ -= 1;
    }

    /// How many messages beside its own the handler that has just run got; forgets it.
    std::size_t exchange_batched() noexcept { return std::exchange(batched_, 0); }

    /// The handler that is about to run may take over an answer; `open` stands until end_request().
    struct open_request {
        void* right;  ///< a request<R, F> whose R is named by `reply`
        std::string_view reply;
    };
    void begin_request(const open_request& open) noexcept { request_ = &open; }
    void end_request() noexcept { request_ = nullptr; }

private:
    basic_cell<F>& cell_;
    worker* worker_;
    take_function* take_;
    std::size_t batched_ = 0;
    const open_request* request_ = nullptr;
};

using context = basic_context<features>;

}  // namespace drover
