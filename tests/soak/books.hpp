// The program's own account of what it sends and what comes of it, to be held against the runtime's.
#pragma once

#include <drover/drover.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace soak {

enum class entry : std::uint8_t {
    sent,             ///< told or asked, whatever came of it
    handled,          ///< a handler came to its end
    timed_handled,    ///< of these, what was put off
    timed_set,        ///< tell_after and tell_every
    timed_cancelled,  ///< cancel() said so
    dead,             ///< the sink of dead letters was called
    timed_dead,       ///< of these, what was put off
    dead_failed,      ///< of these, because the handler threw
    failures,         ///< the sink of failures was called
    unplanned,        ///< of these, with an exception that nobody here throws
    states_made,
    states_gone,
    tokens_made,  ///< one in each message, and in what is called when a reply or a notice comes
    tokens_gone,
    asks_then,
    asks_awaited,
    asks_blocking,
    outcomes,  ///< of the blocking asks
    watches,
    notices,
    spawned,
    end
};

/// Counts, spread over places so that threads do not wait for one another. A sum is exact when nobody counts.
class books {
public:
    void add(entry which, std::uint64_t amount = 1) noexcept {
        places_[place()].of[static_cast<std::size_t>(which)].fetch_add(amount, std::memory_order_relaxed);
    }

    std::uint64_t sum(entry which) const noexcept {
        std::uint64_t all = 0;
        for (const auto& each : places_) {
            // What happened before a message was handled is seen by whoever sees that it was.
            all += each.of[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
        }
        return all;
    }

private:
    struct alignas(64) shelf {
        std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(entry::end)> of{};
    };

    static std::size_t place() noexcept {
        static std::atomic<std::size_t> next{0};
        thread_local const std::size_t mine = next.fetch_add(1) % shelves;
        return mine;
    }

    static constexpr std::size_t shelves = 16;
    std::array<shelf, shelves> places_{};
};

/// One for the program: a token has no place for a pointer to another.
inline books the_books;

/// What must be destroyed as often as it is made.
class token {
public:
    token() noexcept { the_books.add(entry::tokens_made); }
    token(const token&) noexcept : token() {}
    token& operator=(const token&) noexcept = default;
    ~token() { the_books.add(entry::tokens_gone); }
};

/// A failure, and what it is to set off.
struct planned_failure {
    drover::directive what;
};

inline drover::directive as_planned(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const planned_failure& planned) {
        return planned.what;
    } catch (...) {
        return drover::directive::stop;
    }
}

inline bool is_planned(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const planned_failure&) {
        return true;
    } catch (...) {
        return false;
    }
}

// --- messages ---------------------------------------------------------------------------------------------------------

/// Do something, no matter what.
struct poke {
    token each{};
};
/// Nothing is to be done.
struct note {
    int number;
    token each{};
};
/// To be handled by a coroutine.
struct journey {
    int number;
    token each{};
};
/// Put off, once and again and again.
struct alarm {
    token each{};
};
struct tick {
    token each{};
};
/// Fail, or count a member wrongly.
struct fail {
    drover::directive what;
    token each{};
};

inline bool is_timed(std::string_view message) {
    return message == drover::type_name<alarm>() || message == drover::type_name<tick>();
}

}  // namespace soak
