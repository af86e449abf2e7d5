// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/mailbox/bounded.hpp>
#include <drover/mailbox/evicting.hpp>
#include <drover/mailbox/priority.hpp>
#include <drover/mailbox/single_producer.hpp>
#include <drover/mailbox/unbounded.hpp>

#include <benchmark/benchmark.h>

#ifdef DROVER_BENCH_MOODYCAMEL
#include <concurrentqueue/concurrentqueue.h>
#endif

#include <array>
#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

// What the mailboxes themselves take, without actors and wake-ups, beside queues of other libraries: senders on one
// core, one receiver on another. All carry pointers to the same letters, made beforehand; who sends writes into a
// letter, and who receives reads it.

namespace benches {
namespace {

constexpr std::uint64_t letters_in_turn = 2;
constexpr std::uint64_t looks_a_clock = 4'096;  // how often the receiver sees how long it has waited in vain
constexpr std::size_t room = 262'144;           // of each queue with a bound: none is full unless its row says so

struct alignas(64) letter : drover::message_node {
    std::uint64_t value = 0;
};

// Pages are touched once for all runs; a letter is used once a run.
std::vector<letter>& letters(std::uint64_t count) {
    static std::vector<letter> all;
    if (all.size() < count) all = std::vector<letter>(count);
    return all;
}

struct levels_by_value : drover::detail::any_owner {
    std::size_t level(drover::message_node const* node) const noexcept {
        return static_cast<letter const*>(node)->value % 4;
    }
};

/// A mailbox between cache lines, as in a cell, whose receiver never goes idle.
template <class Mailbox>
class mailbox_queue {
public:
    class sender {
    public:
        explicit sender(mailbox_queue& queue) : queue_(queue) {}
        bool operator()(letter* one) {
            if constexpr (Mailbox::limited) {
                std::size_t const level = queue_.extra_.room.try_reserve(1);
                if (level == 0) return false;
                if (queue_.extra_.room.rose(level)) queue_.extra_.room.settle_water();
            }
            Mailbox::push_chain(queue_.incoming_, queue_.extra_, one, one);
            return true;
        }

    private:
        mailbox_queue& queue_;
    };

    class receiver {
    public:
        explicit receiver(mailbox_queue& queue) : queue_(queue) {}
        letter* operator()() {
            return static_cast<letter*>(
                Mailbox::pop(queue_.incoming_, queue_.consumed_, queue_.extra_, levels_by_value{}));
        }

    private:
        mailbox_queue& queue_;
    };

    mailbox_queue() { drover::tagged_list::start_scheduled(incoming_, consumed_); }

private:
    alignas(64) drover::tagged_list::producer_side incoming_;
    alignas(64) drover::tagged_list::consumer_side consumed_;
    alignas(64) typename Mailbox::extra extra_{Mailbox::default_limits()};
};

using tagged_list = mailbox_queue<drover::unbounded_mailbox>;
using bounded = mailbox_queue<drover::bounded_mailbox<room>>;
using bounded_1024 = mailbox_queue<drover::bounded_mailbox<1'024>>;
using evicting = mailbox_queue<drover::bounded_mailbox<room, drover::drop_oldest>>;
using priority = mailbox_queue<drover::priority_mailbox<4>>;
using single_producer = mailbox_queue<drover::single_producer_mailbox<room>>;

template <class Queue>
class boost_queue {
public:
    class sender {
    public:
        explicit sender(boost_queue& queue) : queue_(queue.queue_) {}
        bool operator()(letter* one) { return queue_.push(one); }

    private:
        Queue& queue_;
    };
    class receiver {
    public:
        explicit receiver(boost_queue& queue) : queue_(queue.queue_) {}
        letter* operator()() {
            letter* one = nullptr;
            return queue_.pop(one) ? one : nullptr;
        }

    private:
        Queue& queue_;
    };

private:
    Queue queue_{room};
};

// With a fixed size it takes no more than 65 534; this one has its nodes beforehand too.
using boost_mpmc = boost_queue<boost::lockfree::queue<letter*>>;
using boost_spsc = boost_queue<boost::lockfree::spsc_queue<letter*>>;

class mutex_deque {
public:
    class sender {
    public:
        explicit sender(mutex_deque& queue) : queue_(queue) {}
        bool operator()(letter* one) {
            std::lock_guard const lock(queue_.mutex_);
            queue_.deque_.push_back(one);
            return true;
        }

    private:
        mutex_deque& queue_;
    };
    class receiver {
    public:
        explicit receiver(mutex_deque& queue) : queue_(queue) {}
        letter* operator()() {
            std::lock_guard const lock(queue_.mutex_);
            if (queue_.deque_.empty()) return nullptr;
            letter* const one = queue_.deque_.front();
            queue_.deque_.pop_front();
            return one;
        }

    private:
        mutex_deque& queue_;
    };

private:
    std::mutex mutex_;
    std::deque<letter*> deque_;
};

#ifdef DROVER_BENCH_MOODYCAMEL
enum class tokens { none, of_each_thread };
enum class wake { no_test, locked_test };

// A queue that does not tell its senders whether the receiver sleeps needs a locked test of that after each push, as a
// mailbox; see single_producer_mailbox. A token per sender and receiver is its fast path; an actor's senders have none.
template <tokens Tokens, wake Wake>
class moodycamel_queue {
    using queue = moodycamel::ConcurrentQueue<letter*>;

public:
    class sender {
    public:
        explicit sender(moodycamel_queue& whole) : whole_(whole) {
            if constexpr (Tokens == tokens::of_each_thread) token_.emplace(whole.queue_);
        }
        bool operator()(letter* one) {
            bool pushed = false;
            if constexpr (Tokens == tokens::of_each_thread) {
                pushed = whole_.queue_.enqueue(*token_, one);
            } else {
                pushed = whole_.queue_.enqueue(one);
            }
            if constexpr (Wake == wake::locked_test) {
                std::uintptr_t const seen = whole_.idle_.fetch_and(~std::uintptr_t{1}, std::memory_order_acq_rel);
                if ((seen & 1) != 0) std::abort();  // nobody marks it here
            }
            return pushed;
        }

    private:
        moodycamel_queue& whole_;
        std::optional<moodycamel::ProducerToken> token_;
    };
    class receiver {
    public:
        explicit receiver(moodycamel_queue& whole) : whole_(whole), token_(whole.queue_) {}
        letter* operator()() {
            letter* one = nullptr;
            if constexpr (Tokens == tokens::of_each_thread) {
                return whole_.queue_.try_dequeue(token_, one) ? one : nullptr;
            } else {
                return whole_.queue_.try_dequeue(one) ? one : nullptr;
            }
        }

    private:
        moodycamel_queue& whole_;
        moodycamel::ConsumerToken token_;
    };

private:
    queue queue_{room};
    alignas(64) std::atomic<std::uintptr_t> idle_{0};
};

using moodycamel_plain = moodycamel_queue<tokens::none, wake::no_test>;
using moodycamel_locked = moodycamel_queue<tokens::none, wake::locked_test>;
using moodycamel_tokens_locked = moodycamel_queue<tokens::of_each_thread, wake::locked_test>;
#endif

/// `producers` threads on one core send `messages` letters to one receiver on another. Time: from the moment all are
/// ready until the last letter has been read. Figure: ns per letter, for push and pop.
template <class Queue>
outcome push_and_pop(std::uint64_t messages, std::size_t producers) {
    std::uint64_t const each = messages / producers;
    std::uint64_t const all = each * producers;
    std::vector<letter>& mine = letters(all);
    auto const queue = std::make_unique<Queue>();
    std::atomic<std::size_t> ready{0};
    std::atomic<bool> go{false};
    std::atomic<bool> given_up{false};
    std::uint64_t seen = 0;
    std::uint64_t sum = 0;
    std::chrono::nanoseconds elapsed{};
    {
        std::vector<std::jthread> senders;
        for (std::size_t who = 0; who < producers; ++who)
            senders.emplace_back([&, who] {
                stay_on(senders_place());
                typename Queue::sender send(*queue);
                ready.fetch_add(1, std::memory_order_release);
                for (short_wait wait; !go.load(std::memory_order_acquire);) wait();  // pairs with the receiver's store
                short_wait wait;
                for (std::uint64_t i = who * each; i != (who + 1) * each; ++i) {
                    letter& one = mine[i];
                    one.next.store(nullptr, std::memory_order_relaxed);
                    one.value = i;
                    while (!send(&one)) {
                        if (given_up.load(std::memory_order_relaxed)) return;
                        wait();
                    }
                }
            });
        std::jthread const receiver([&] {
            stay_on(receivers_place());
            typename Queue::receiver receive(*queue);
            for (short_wait wait; ready.load(std::memory_order_acquire) != producers;) wait();  // pairs with fetch_add
            short_wait wait;
            std::uint64_t empty_looks = 0;
            stopwatch const clock;
            go.store(true, std::memory_order_release);
            while (seen != all) {
                if (letter const* const one = receive()) {
                    seen += 1;
                    sum += one->value;
                } else {
                    wait();
                    if (++empty_looks % looks_a_clock == 0 && clock.elapsed() > answer_deadline) {
                        given_up.store(true, std::memory_order_relaxed);
                        break;
                    }
                }
            }
            elapsed = clock.elapsed();
        });
    }
    std::string wrong = expect_equal("the number of letters read", seen, all);
    if (wrong.empty()) wrong = expect_equal("the sum of the letters", sum, all * (all - 1) / 2);
    return {elapsed, all, 0, wrong};
}

/// As above, but one thread sends and receives, one letter at a time: what the instructions alone take.
template <class Queue>
outcome by_one_thread(std::uint64_t messages, std::size_t) {
    std::vector<letter>& mine = letters(letters_in_turn);
    auto const queue = std::make_unique<Queue>();
    typename Queue::sender send(*queue);
    typename Queue::receiver receive(*queue);
    std::uint64_t right = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i != messages; ++i) {
        letter& one = mine[i % letters_in_turn];  // the mailbox may need the one before as a link
        one.next.store(nullptr, std::memory_order_relaxed);
        one.value = i;
        bool const sent = send(&one);
        letter const* const got = receive();
        right += sent && got == &one && got->value == i ? 1 : 0;
    }
    return {clock.elapsed(), messages, 0, expect_equal("the number of letters read", right, messages)};
}

// The first of each table is what the ratios are over.
constexpr std::array many_to_one{
#ifdef DROVER_BENCH_MOODYCAMEL
    contender{"moodycamel+lock", &push_and_pop<moodycamel_locked>},
    contender{"moodycamel", &push_and_pop<moodycamel_plain>},
    contender{"moodycamel_tokens+lock", &push_and_pop<moodycamel_tokens_locked>},
#endif
    contender{"mutex_deque", &push_and_pop<mutex_deque>},
    contender{"boost_queue", &push_and_pop<boost_mpmc>},
    contender{"tagged_list", &push_and_pop<tagged_list>},
    contender{"bounded", &push_and_pop<bounded>},
    contender{"bounded_1024", &push_and_pop<bounded_1024>},
    contender{"evicting", &push_and_pop<evicting>},
    contender{"priority", &push_and_pop<priority>},
};

constexpr std::array one_to_one{
    contender{"boost_spsc", &push_and_pop<boost_spsc>},
    contender{"single_producer", &push_and_pop<single_producer>},
    contender{"tagged_list", &push_and_pop<tagged_list>},
    contender{"bounded", &push_and_pop<bounded>},
};

constexpr std::array one_thread{
#ifdef DROVER_BENCH_MOODYCAMEL
    contender{"moodycamel+lock", &by_one_thread<moodycamel_locked>},
    contender{"moodycamel", &by_one_thread<moodycamel_plain>},
    contender{"moodycamel_tokens+lock", &by_one_thread<moodycamel_tokens_locked>},
#endif
    contender{"mutex_deque", &by_one_thread<mutex_deque>},
    contender{"boost_queue", &by_one_thread<boost_mpmc>},
    contender{"boost_spsc", &by_one_thread<boost_spsc>},
    contender{"tagged_list", &by_one_thread<tagged_list>},
    contender{"bounded", &by_one_thread<bounded>},
    contender{"evicting", &by_one_thread<evicting>},
    contender{"priority", &by_one_thread<priority>},
    contender{"single_producer", &by_one_thread<single_producer>},
};

}  // namespace

BENCHMARK_CAPTURE(measure_side_by_side, one_thread, one_thread)->Name("queues/one_thread")->Apply(rounds<16'384, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, many_to_one, many_to_one)
    ->Name("queues/many_to_one")
    ->Apply(rounds<262'144, 1, 2, 4, 8>);
BENCHMARK_CAPTURE(measure_side_by_side, one_to_one, one_to_one)->Name("queues/one_to_one")->Apply(rounds<262'144, 1>);

}  // namespace benches
