#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <tsl/robin_map.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/actor/departure.hpp"
#include "drover/actor/handle.hpp"
#include "drover/message/signal.hpp"
#include "drover/message/stop_reason.hpp"

namespace drover {

/// What a watching actor hears: `actor` has stopped, for `reason`.
template <class F>
struct basic_stopped_event {
    basic_handle<F> actor;
    stop_reason reason;
};

using stopped_event = basic_stopped_event<features>;

/// One actor's interest in the end of another. It is a listener of the one until that stops, then a signal to the
/// other. The watcher's table knows it meanwhile; the watcher lets go of it by unwatch() or by its own end. If the
/// signal is under way then, the record is only emptied, and whoever gets the signal frees it.
template <class F>
class watch_record : public departure, public signal<basic_context<F>> {
public:
    using call_function = void(watch_record&, basic_context<F>&, basic_stopped_event<F>&&);
    using destroy_function = void(watch_record&) noexcept;

    watch_record(const watch_record&) = delete;
    watch_record& operator=(const watch_record&) = delete;

    /// The watcher's, in its turn: begins. Throws std::bad_alloc; then nothing has begun.
    void begin() {
        if (!target_->on_departure(*this)) {
            post();
        }
    }

    /// The watcher's, in its turn: there is no notice after this.
    void end() noexcept {
        wanted_ = false;
        if (target_->forget(*this)) {
            free_(*this);
        } else {
            empty_(*this);
        }
    }

protected:
    watch_record(basic_cell<F>& target, basic_cell<F>& watcher, call_function* call, destroy_function* empty,
                 destroy_function* free) noexcept
        : departure(&on_departed),
          signal<basic_context<F>>(&operations),
          target_(&target),
          watcher_(&watcher),
          call_(call),
          empty_(empty),
          free_(free) {}
    ~watch_record() = default;

private:
    // Our own count on the watcher, as the record's may be gone once the signal is there.
    void post() noexcept {
        const boost::intrusive_ptr<basic_cell<F>> receiver = watcher_;
        if (receiver->post(this) == system_lane::post_result::refused) {
            free_(*this);
        }
    }

    static void on_departed(departure* listener) noexcept { static_cast<watch_record*>(listener)->post(); }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto& self = static_cast<watch_record&>(*node);
        const std::unique_ptr<watch_record, decltype([](watch_record* r) noexcept { r->free_(*r); })> at_end(&self);
        if (self.wanted_) {
            self.watcher_->more().watches->erase(self.target_.get());
            self.call_(self, turn, {basic_handle<F>(self.target_), self.target_->reason_of_end()});
        }
    }

    static void on_refuse(signal<basic_context<F>>* node) noexcept {
        auto& self = static_cast<watch_record&>(*node);
        self.free_(self);
    }

    static constexpr signal_operations<basic_context<F>> operations{&on_deliver, &on_refuse};

    const boost::intrusive_ptr<basic_cell<F>> target_;
    const boost::intrusive_ptr<basic_cell<F>> watcher_;
    call_function* const call_;
    destroy_function* const empty_;
    destroy_function* const free_;
    bool wanted_ = true;  // the watcher's own
};

/// With what is to be called.
template <class F, class Callable>
class watch_with final : public watch_record<F> {
public:
    watch_with(basic_cell<F>& target, basic_cell<F>& watcher, Callable&& callable)
        : watch_record<F>(target, watcher, &call, &empty, &free), callable_(std::move(callable)) {}

private:
    static void call(watch_record<F>& self, basic_context<F>&, basic_stopped_event<F>&& event) {
        (*static_cast<watch_with&>(self).callable_)(std::move(event));
    }
    static void empty(watch_record<F>& self) noexcept { static_cast<watch_with&>(self).callable_.reset(); }
    static void free(watch_record<F>& self) noexcept { delete static_cast<watch_with*>(&self); }

    std::optional<Callable> callable_;
};

/// Whom one actor watches. Its own.
template <class F>
class watch_table {
public:
    watch_table() = default;
    watch_table(const watch_table&) = delete;
    watch_table& operator=(const watch_table&) = delete;
    ~watch_table() { end_all(); }

    bool holds(const basic_cell<F>* target) const noexcept { return records_.find(target) != records_.end(); }

    /// Throws std::bad_alloc; then nothing has begun.
    template <class Callable>
    void add(basic_cell<F>& target, basic_cell<F>& watcher, Callable&& callable) {
        auto* const fresh = new watch_with<F, Callable>(target, watcher, std::move(callable));
        try {
            records_.emplace(&target, fresh);
            fresh->begin();
        } catch (...) {
            records_.erase(&target);
            delete fresh;
            throw;
        }
    }

    bool remove(const basic_cell<F>* target) noexcept {
        const auto found = records_.find(target);
        if (found == records_.end()) {
            return false;
        }
        watch_record<F>* const gone = found->second;
        records_.erase(found);
        gone->end();
        return true;
    }

    /// The notice is there.
    void erase(const basic_cell<F>* target) noexcept { records_.erase(target); }

    void end_all() noexcept {
        for (const auto& each : records_) {
            each.second->end();
        }
        records_.clear();
    }

private:
    tsl::robin_map<const basic_cell<F>*, watch_record<F>*> records_;
};

}  // namespace drover
