#include <drover/scheduling/core_record.hpp>

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/test_core.hpp"
#include "support/wait.hpp"

using namespace drover;
using drover_test::test_core;
using drover_test::wait_until;

namespace {

dead_letter letter(dead_letter_reason reason, std::string_view message) {
    return {reason, message, "actor", actor_id{1}};
}

failure broken(std::string_view message) {
    return {"actor", actor_id{1}, message, nullptr};
}

}  // namespace

TEST_CASE("the last release destroys the record") {
    test_core core;
    core.retain();
    core.release();
    CHECK(core.destroyed.load() == 0);
    core.release();
    CHECK(core.destroyed.load() == 1);
}

TEST_CASE("ids begin at 1 and do not repeat") {
    test_core core;
    CHECK(core.next_id() == actor_id{1});
    CHECK(core.next_id() == actor_id{2});
    CHECK(core.quantum == 128);
}

TEST_CASE("submit reaches the service") {
    test_core core;
    runnable item(nullptr);
    core.submit(&item);
    CHECK(core.submitted == std::vector<runnable*>{&item});
}

TEST_CASE("dead letters and failures are told to the sinks") {
    test_core core;
    core.report(letter(dead_letter_reason::stopped, "a"));
    core.report(letter(dead_letter_reason::no_target, "b"));
    core.report(broken("c"));
    CHECK(core.letters == std::vector<std::string>{"a", "b"});
    CHECK(core.failures == std::vector<std::string>{"c"});
}

TEST_CASE("dead letters are counted by reason") {
    test_core core;
    core.count_dead(dead_letter_reason::stopped);
    core.count_dead(dead_letter_reason::stopped);
    core.count_dead(dead_letter_reason::no_target);
    const auto counts = core.dead_letters();
    CHECK(counts[static_cast<std::size_t>(dead_letter_reason::stopped)] == 2);
    CHECK(counts[static_cast<std::size_t>(dead_letter_reason::no_target)] == 1);
    CHECK(counts[static_cast<std::size_t>(dead_letter_reason::failed)] == 0);
}

TEST_CASE("what a sink causes is not told, so it cannot recurse") {
    test_core core;
    core.in_sink = [&] {
        core.report(letter(dead_letter_reason::stopped, "from the sink"));
        core.report(broken("from the sink"));
    };
    core.report(letter(dead_letter_reason::failed, "first"));
    core.report(broken("second"));
    CHECK(core.letters == std::vector<std::string>{"first"});
    CHECK(core.failures == std::vector<std::string>{"second"});
    core.in_sink = nullptr;
    core.report(letter(dead_letter_reason::failed, "third"));
    CHECK(core.letters.back() == "third");
}

TEST_CASE("after the end the sinks hear nothing") {
    test_core core;
    CHECK_FALSE(core.has_ended());
    core.end(nullptr);
    CHECK(core.has_ended());
    CHECK_FALSE(core.gate_open());
    core.report(letter(dead_letter_reason::stopped, "late"));
    core.report(broken("late"));
    CHECK(core.letters.empty());
    CHECK(core.failures.empty());
}

TEST_CASE("a closed gate stays closed, and an ended runtime stays ended") {
    test_core core;
    CHECK(core.gate_open());
    core.close_gate();
    CHECK_FALSE(core.gate_open());
    CHECK_FALSE(core.has_ended());
    core.report(letter(dead_letter_reason::stopped, "heard"));
    CHECK(core.letters.size() == 1);
    core.end(nullptr);
    core.close_gate();
    CHECK(core.has_ended());
}

TEST_CASE("the end waits for those who are inside, but not for the caller itself") {
    test_core core;
    lane mine(core, false);
    lane other(core, false);
    core.lanes().add(mine);
    core.lanes().add(other);
    std::atomic<bool> inside{false};
    int sent = 0;
    std::thread sender([&] {
        const send_bracket bracket(other);
        inside.store(true);
        wait_until([&] { return !core.gate_open(); });
        sent = 1;
    });
    wait_until([&] { return inside.load(); });
    {
        const send_bracket bracket(mine);
        core.end(&mine);
    }
    const int seen = sent;  // a data race unless the bracket was waited for
    sender.join();
    CHECK(seen == 1);
    core.lanes().remove(mine);
    core.lanes().remove(other);
}

// What a message's destructor or a sink may do: it runs inside the sender's bracket.
TEST_CASE("a sender inside may read the accounts while the runtime ends") {
    test_core core;
    lane other(core, false);
    core.lanes().add(other);
    other.pushed.add(5);
    std::atomic<bool> inside{false};
    std::uint64_t sum = 0;
    std::thread sender([&] {
        const send_bracket bracket(other);
        inside.store(true);
        wait_until([&] { return !core.gate_open(); });
        for (int each = 0; each != 1000; ++each) {
            std::this_thread::yield();
            sum = core.lanes().sum(&lane::pushed);
        }
    });
    wait_until([&] { return inside.load(); });
    core.end(nullptr);
    sender.join();
    CHECK(sum == 5);
    core.lanes().remove(other);
}

// The duty of drain: whoever is not seen inside after close_gate() sees the gate closed.
TEST_CASE("after the gate is closed no sender that was not seen gets through") {
    const std::size_t rounds = drover_test::scaled(50);
    std::size_t late = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        test_core core;
        lane other(core, false);
        core.lanes().add(other);
        std::atomic<bool> sending{false};
        std::atomic<bool> ready{false};
        std::thread sender([&] {
            for (bool open = true; open; ready.store(true)) {
                const send_bracket bracket(other);
                open = core.gate_open();
                sending.store(open, std::memory_order_relaxed);
                sending.store(false, std::memory_order_relaxed);
            }
        });
        wait_until([&] { return ready.load(); });
        core.close_gate();
        wait_until([&] { return core.lanes().senders_gone(nullptr); });
        for (int each = 0; each != 50; ++each) {
            late += sending.load(std::memory_order_relaxed) ? 1 : 0;
        }
        sender.join();
        core.lanes().remove(other);
    }
    CHECK(late == 0);
}
