#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "drover/base/futex.hpp"
#include "drover/routing/name_table.hpp"
#include "drover/routing/special_name.hpp"
#include "drover/scheduling/core_record.hpp"

namespace drover {

/// What is done once the book's lock is gone: no user code and nothing of a scheduler runs under it, so whoever waits
/// for it waits for a copy of a shard at most, or for the directory to double.
template <class F>
struct name_changes {
    retired_chain garbage;
    name_notice<F>* notices = nullptr;
    bool published = false;
};

/// The lock of a registry's writers, and who hears of what they have changed.
template <class F>
class name_announcer {
public:
    using changes = name_changes<F>;

    explicit name_announcer(core_record& core) noexcept : core_(core) {}
    name_announcer(const name_announcer&) = delete;
    name_announcer& operator=(const name_announcer&) = delete;

    /// Runs `change(changes&)` under the lock, and afterwards what it leaves behind.
    template <class Change>
    auto with_lock(Change change) {
        changes after;
        const finisher at_end{*this, after};
        const std::lock_guard lock(mutex_);
        return change(after);
    }

    /// A thread that waits for names announces itself before it looks: every later change rings.
    void begin_wait() noexcept {
        const std::lock_guard lock(mutex_);
        waiting_.fetch_add(1, std::memory_order_relaxed);
    }
    void end_wait() noexcept { waiting_.fetch_sub(1, std::memory_order_relaxed); }
    const std::atomic<std::uint32_t>& bell() const noexcept { return bell_; }
    void ring() noexcept {
        bell_.fetch_add(1, std::memory_order_seq_cst);
        futex_wake_all(bell_);
    }

protected:
    ~name_announcer() = default;

private:
    struct finisher {
        name_announcer& book;
        changes& after;
        ~finisher() {
            after.garbage.retire_to(book.core_);
            book.tell(std::exchange(after.notices, nullptr));
            if (after.published && book.waiting_.load(std::memory_order_relaxed) != 0) {  // pairs with begin_wait()
                book.ring();
            }
        }
    };

    void tell(name_notice<F>* first) noexcept {
        while (first != nullptr) {
            const std::unique_ptr<name_notice<F>> each(std::exchange(first, first->next));
            try {
                each->to.tell(std::move(each->message));
            } catch (...) {
                core_.report(failure{each->to.name(), each->to.id(), "name_registered", std::current_exception()});
            }
        }
    }

    core_record& core_;
    futex_mutex mutex_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::uint32_t> bell_{0};
};

}  // namespace drover
