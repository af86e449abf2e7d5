// A cell in small: the tagged list and the system lane together, as actor/cell.hpp uses them. Senders and
// signallers schedule it, workers run it, somebody stops it, and late senders drain it.
#include <drover/mailbox/system_lane.hpp>
#include <drover/mailbox/tagged_list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using namespace drover;

namespace {

struct message : message_node {
    std::size_t sender = 0;
    std::size_t number = 0;
};

constexpr std::size_t senders = 3;
constexpr std::size_t signallers = 2;

class small_cell {
public:
    explicit small_cell(std::size_t hold_every) : hold_every_(hold_every) { tagged_list::start_idle(p_, c_); }

    void tell(message& m) {
        const push_result result = tagged_list::push_chain(p_, &m, &m);
        if (result == push_result::woke) {
            schedule();
        } else if (result == push_result::closed) {
            close_again();
        }
    }

    // False: it has stopped, and the signal is the caller's.
    bool post(signal_node& s) { return wake(lane_.post(&s)); }
    void stop() { wake(lane_.post_stop()); }

    // A worker's: true if there was something to run.
    bool run_if_scheduled() {
        if (scheduled_.exchange(0, std::memory_order_acq_rel) == 0) {
            return false;
        }
        run();
        return true;
    }

    std::size_t handled() const { return handled_; }
    std::size_t dead() const { return dead_; }
    std::size_t signals() const { return signals_; }
    std::size_t retired() const { return retired_.load(); }
    bool in_order() const { return in_order_; }
    bool exclusive() const { return twice_.load() == 0; }

private:
    void schedule() {
        if (scheduled_.exchange(1, std::memory_order_acq_rel) != 0) {
            twice_.fetch_add(1);  // was queued already: it would run on two workers
        }
    }

    bool wake(system_lane::post_result result) {
        switch (result) {
            case system_lane::post_result::refused: return false;
            case system_lane::post_result::removed_held: schedule(); return true;
            case system_lane::post_result::posted:
                if (tagged_list::clear_idle(p_)) {
                    schedule();
                }
        }
        return true;
    }

    auto retire() {
        return [this](message_node*) noexcept { retired_.fetch_add(1, std::memory_order_relaxed); };
    }

    void run() {
        if (inside_.exchange(true)) {
            twice_.fetch_add(1);
        }
        for (;;) {
            if (!lane_.quiet()) {
                const system_lane::taken taken = lane_.take();
                count(taken.first);
                if (taken.stop) {
                    count(lane_.close().first);
                    leave();
                    close_again();
                    return;
                }
            }
            if (message_node* const node = tagged_list::pop(p_, c_, retire())) {
                take(static_cast<const message&>(*node));
                handled_ += 1;
                if (hold_every_ != 0 && handled_ % hold_every_ == 0) {
                    leave();
                    if (lane_.try_hold()) {
                        return;
                    }
                    inside_.store(true);
                }
                continue;
            }
            leave();
            if (tagged_list::try_mark_idle(p_, c_, retire())) {
                if (lane_.quiet() || !tagged_list::clear_idle(p_)) {
                    return;
                }
            }
            inside_.store(true);
        }
    }

    void leave() { inside_.store(false); }

    void close_again() {
        do {
            while (message_node* const node = tagged_list::pop(p_, c_, retire())) {
                take(static_cast<const message&>(*node));
                dead_ += 1;
            }
        } while (!tagged_list::try_close(p_, c_, retire()));
    }

    void take(const message& m) {
        in_order_ = in_order_ && next_[m.sender] == m.number;
        next_[m.sender] = m.number + 1;
    }

    void count(const signal_node* first) {
        for (; first != nullptr; first = first->next) {
            signals_ += 1;
        }
    }

    tagged_list::producer_side p_;
    tagged_list::consumer_side c_;
    system_lane lane_;
    const std::size_t hold_every_;
    std::atomic<int> scheduled_{0};
    std::atomic<int> twice_{0};
    std::atomic<bool> inside_{false};
    std::atomic<std::size_t> retired_{0};  // by going idle also when the next consumer may be at work already
    // Plain: guarded by the protocol itself, which is what a sanitizer checks here.
    std::size_t handled_ = 0;
    std::size_t dead_ = 0;
    std::size_t signals_ = 0;
    bool in_order_ = true;
    std::array<std::size_t, senders> next_{};
};

struct totals {
    std::size_t told = 0;
    std::size_t posted = 0;
};

// `stop_after`: messages of each sender after which it also asks the cell to stop; 0: the cell is not stopped.
totals storm(small_cell& cell, std::size_t messages, std::size_t stop_after) {
    std::vector<std::vector<message>> letters;
    std::vector<std::vector<signal_node>> signals;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        letters.emplace_back(messages);
    }
    for (std::size_t signaller = 0; signaller != signallers; ++signaller) {
        signals.emplace_back(messages / 8 + 1);
    }
    std::atomic<std::size_t> posted{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> workers;
    for (int worker = 0; worker != 2; ++worker) {
        workers.emplace_back([&] {
            while (!over.load()) {
                if (!cell.run_if_scheduled()) {
                    std::this_thread::yield();
                }
            }
        });
    }
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        threads.emplace_back([&, sender] {
            std::size_t number = 0;
            for (message& each : letters[sender]) {
                each.sender = sender;
                each.number = number++;
                cell.tell(each);
                if (number == stop_after) {
                    cell.stop();
                }
            }
        });
    }
    for (std::size_t signaller = 0; signaller != signallers; ++signaller) {
        threads.emplace_back([&, signaller] {
            for (signal_node& each : signals[signaller]) {
                if (cell.post(each)) {
                    posted.fetch_add(1);
                }
                std::this_thread::yield();
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    over.store(true);
    for (std::thread& each : workers) {
        each.join();
    }
    while (cell.run_if_scheduled()) {}
    // More signals, so that a cell that is held goes on.
    std::vector<signal_node> last(messages + 1);
    for (signal_node& each : last) {
        if (!cell.post(each)) {
            break;
        }
        posted.fetch_add(1);
        while (cell.run_if_scheduled()) {}
        if (cell.handled() == senders * messages) {
            break;
        }
    }
    return {senders * messages, posted.load()};
}

}  // namespace

TEST_CASE("messages and signals wake the cell, and none is left behind") {
    for (std::size_t round = 0; round != drover_test::scaled(300); ++round) {
        small_cell cell(0);
        const totals sent = storm(cell, 2000, 0);
        REQUIRE(cell.handled() == sent.told);
        REQUIRE(cell.signals() == sent.posted);
        REQUIRE(cell.in_order());
        REQUIRE(cell.exclusive());
        REQUIRE(cell.retired() == sent.told);
    }
}

TEST_CASE("a held cell runs again by a signal and not by a message") {
    for (std::size_t round = 0; round != drover_test::scaled(300); ++round) {
        small_cell cell(7);
        const totals sent = storm(cell, 1000, 0);
        REQUIRE(cell.handled() == sent.told);
        REQUIRE(cell.signals() == sent.posted);
        REQUIRE(cell.in_order());
        REQUIRE(cell.exclusive());
    }
}

TEST_CASE("a stopped cell is drained by those who come late, and nothing is lost") {
    for (std::size_t round = 0; round != drover_test::scaled(600); ++round) {
        small_cell cell(round % 2 == 0 ? 0 : 5);
        const totals sent = storm(cell, 1000, round * 7 % 1000 + 1);
        REQUIRE(cell.handled() + cell.dead() == sent.told);
        REQUIRE(cell.retired() == sent.told);
        REQUIRE(cell.signals() == sent.posted);
        REQUIRE(cell.in_order());
        REQUIRE(cell.exclusive());
    }
}
