#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "drover/actor/recipient.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/features.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/time_limit.hpp"

namespace drover {

/// What a probe met is not what was expected of it.
class expectation_failed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace detail {

// What a probe and its actor share.
template <class... Ms>
struct probe_record {
    template <class M>
    void take(M&& message) {
        auto kept = std::make_unique<std::variant<Ms...>>(std::in_place_type<M>, std::move(message));
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(kept));
        count += 1;
        ring();
    }

    /// Null if there is none.
    std::unique_ptr<std::variant<Ms...>> next() {
        const std::lock_guard lock(mutex);
        if (waiting.empty()) {
            return nullptr;
        }
        std::unique_ptr<std::variant<Ms...>> first = std::move(waiting.front());
        waiting.pop_front();
        return first;
    }

    void ring() noexcept {
        bell.fetch_add(1, std::memory_order_seq_cst);
        futex_wake_all(bell);
    }

    std::mutex mutex;
    std::deque<std::unique_ptr<std::variant<Ms...>>> waiting;
    std::size_t count = 0;
    std::atomic<std::uint32_t> bell{0};
};

template <class M, class... Ms>
concept one_of = (std::same_as<M, Ms> || ...);

}  // namespace detail

/// The actor of a probe: it records messages of the types `Ms`, each at most once in the list.
template <class... Ms>
class probe_actor {
public:
    explicit probe_actor(std::shared_ptr<detail::probe_record<Ms...>> record) : record_(std::move(record)) {}

    template <detail::one_of<Ms...> M>
    void operator()(M message) {
        record_->take(std::move(message));
    }

private:
    std::shared_ptr<detail::probe_record<Ms...>> record_;
};

/// An actor that a test sends others to, and what the test asks of it. `probe<pong> p(rt); … p.ref() …;
/// p.expect<pong>(1s)`. Works on every runtime: on one with threads the test waits for them, on the runtime's clock; in
/// a simulation it runs the simulation, so that a second passes in no time and always alike. For one thread at a time,
/// and not for a handler, which must not block: std::logic_error. Not to outlive its runtime. Failures are thrown as
/// expectation_failed, so any test framework will do, or none.
template <class F, class... Ms>
class basic_probe {
public:
    using actor_type = probe_actor<Ms...>;
    using message_type = std::variant<Ms...>;

    /// Spawns the actor. Throws as spawn does.
    template <class Runtime>
    explicit basic_probe(Runtime& rt, std::string name = "probe")
        : core_(rt.core()),
          record_(std::make_shared<detail::probe_record<Ms...>>()),
          actor_(rt.template spawn<actor_type>(spawn_options{.name = std::move(name)}, record_)) {}
    basic_probe(const basic_probe&) = delete;
    basic_probe& operator=(const basic_probe&) = delete;
    /// Stops the actor; does not wait for that.
    ~basic_probe() { actor_.stop(); }

    /// Of the actor; makes a recipient of any of the types.
    const drover::ref<actor_type, F>& ref() const noexcept { return actor_; }
    template <class M>
    operator recipient<M, F>() const {
        return actor_;
    }

    /// The next message, waited for: at most for `within`. Throws if none comes, or one of another type; that one is
    /// taken.
    template <class M>
    M expect(clock_duration within) {
        static_assert(detail::one_of<M, Ms...>,
                      "drover: a probe that records no such message; name its type in probe<...>");
        const std::unique_ptr<message_type> next = wait(within);
        if (next == nullptr) {
            fail({"expected ", type_name<M>(), " within ", to_text(within), ", and nothing came"});
        }
        if (M* const found = std::get_if<M>(&*next)) {
            return std::move(*found);
        }
        fail({"expected ", type_name<M>(), ", and ", name_of(*next), " came"});
    }

    /// The next message, of whichever type. Throws if none comes.
    message_type expect_any(clock_duration within) {
        const std::unique_ptr<message_type> next = wait(within);
        if (next == nullptr) {
            fail({"expected a message within ", to_text(within), ", and nothing came"});
        }
        return std::move(*next);
    }

    /// Nothing comes for so long, and nothing has come that was not expected before. Throws otherwise.
    void expect_nothing(clock_duration within) {
        if (const std::unique_ptr<message_type> next = wait(within)) {
            fail({"expected nothing for ", to_text(within), ", and ", name_of(*next), " came"});
        }
    }

    /// All messages so far, those that were taken included.
    std::size_t received() const {
        const std::lock_guard lock(record_->mutex);
        return record_->count;
    }

private:
    std::unique_ptr<message_type> wait(clock_duration within) {
        if (this_thread().worker) {
            throw std::logic_error(
                "drover: a handler must not wait for a probe, because it would hold up its worker; do it in the test");
        }
        const time_limit limit(
            core_, within, [](void* who) noexcept { static_cast<detail::probe_record<Ms...>*>(who)->ring(); },
            record_.get());
        for (;;) {
            const std::uint32_t heard = record_->bell.load(std::memory_order_seq_cst);
            if (std::unique_ptr<message_type> next = record_->next(); next != nullptr || limit.over()) {
                return next;
            }
            limit.wait(record_->bell, heard);
        }
    }

    static std::string_view name_of(const message_type& message) {
        return std::visit([]<class M>(const M&) { return type_name<M>(); }, message);
    }

    static std::string to_text(clock_duration length) {
        return join_text({std::to_string(length.count() / 1'000'000), " ms"});
    }

    [[noreturn]] void fail(std::initializer_list<std::string_view> pieces) const {
        throw expectation_failed(join_text({"drover: ", actor_.name(), " ", join_text(pieces)}));
    }

    actor_core<F>& core_;
    std::shared_ptr<detail::probe_record<Ms...>> record_;
    drover::ref<actor_type, F> actor_;
};

/// A probe for the default features.
template <class... Ms>
using probe = basic_probe<features, Ms...>;

}  // namespace drover
