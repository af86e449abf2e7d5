#include <drover/scheduling/work_stealing.hpp>

#include <drover/metrics/hooks.hpp>

#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/scale.hpp"
#include "support/test_core.hpp"
#include "support/wait.hpp"

using namespace drover;
using drover_test::wait_until;

namespace {

std::atomic<std::size_t> steals{0};
std::atomic<std::size_t> parks{0};
std::atomic<std::size_t> wakes{0};
std::atomic<std::size_t> stolen{0};

struct counting : no_metrics {
    static void on_steal(auto&, std::size_t taken) noexcept {
        steals.fetch_add(1);
        stolen.fetch_add(taken);
    }
    static void on_park(auto&) noexcept { parks.fetch_add(1); }
    static void on_wake(auto&) noexcept { wakes.fetch_add(1); }
};

// Something to run: `body` gets the worker, and answers whether it wants to run again.
struct job : runnable {
    using body_function = std::function<bool(worker&)>;

    explicit job(body_function function) : runnable(&run_job), body(std::move(function)) {}

    static run_result run_job(runnable* self, lane& here) noexcept {
        auto* const me = static_cast<job*>(self);
        auto& on = static_cast<worker&>(here);
        // Counted before, and not touched after the last run: the test may be over by then.
        if (me->body(on)) {
            return run_result::again;
        }
        return run_result::done;
    }

    body_function body;
};

std::atomic<std::size_t> released{0};
void release(runnable*) noexcept {
    released.fetch_add(1);
}

struct scheduler : work_stealing<counting> {
    using work_stealing::work_stealing;
    std::size_t awake() const noexcept { return sleep_.awake(); }
};

class worker_threads {
public:
    explicit worker_threads(std::size_t workers, std::vector<int> affinity = {}) : workers_(core_, workers, &release) {
        workers_.start("a-long-name-of-a-runtime", affinity);
    }
    ~worker_threads() { workers_.join(); }

    scheduler* operator->() { return &workers_; }

    // All asleep, with nothing to do.
    bool quiet() {
        return workers_.quiescent([] { return true; });
    }

private:
    drover_test::test_core core_;
    scheduler workers_;
};

std::string name_of_this_thread() {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    return name;
}

}  // namespace

TEST_CASE("what is submitted runs once, on a worker that knows it is one") {
    std::atomic<int> ran{0};
    std::atomic<bool> knows{true};
    std::deque<job> jobs;
    worker_threads workers(2);
    CHECK(workers->size() == 2);
    for (int each = 0; each != 100; ++each) {
        jobs.emplace_back([&](worker& here) {
            if (!this_thread().worker || this_thread().current != &here || here.running.load() == nullptr ||
                !here.inside.held()) {
                knows.store(false);
            }
            ran.fetch_add(1);
            return false;
        });
        workers->submit(&jobs.back());
    }
    wait_until([&] { return ran.load() == 100; });
    wait_until([&] { return workers.quiet(); });
    CHECK(ran.load() == 100);
    CHECK(knows.load());
}

TEST_CASE("what wants to run again comes back") {
    const int turns = 1000;
    std::atomic<int> first{0};
    std::atomic<int> second{0};
    job one([&](worker&) { return first.fetch_add(1) + 1 != turns; });
    job two([&](worker&) { return second.fetch_add(1) + 1 != turns; });
    worker_threads workers(1);
    workers->submit(&one);
    workers->submit(&two);
    wait_until([&] { return workers.quiet(); });
    CHECK(first.load() == turns);
    CHECK(second.load() == turns);
}

TEST_CASE("two that make each other ready do not keep a third from its turn") {
    std::atomic<bool> third_ran{false};
    job* other = nullptr;
    job third([&](worker&) {
        third_ran.store(true);
        return false;
    });
    job ping([&](worker& here) {
        if (!third_ran.load()) {
            here.group.schedule(here, other);
        }
        return false;
    });
    job pong([&](worker& here) {
        here.group.schedule(here, &ping);
        return false;
    });
    other = &pong;
    job begin([&](worker& here) {
        here.group.requeue(here, &third);
        here.group.schedule(here, &ping);
        return false;
    });
    worker_threads workers(1);
    workers->submit(&begin);
    wait_until([&] { return workers.quiet(); });
    CHECK(third_ran.load());
}

TEST_CASE("two that make each other ready go on when there is nobody else") {
    std::atomic<int> rounds{0};
    job* other = nullptr;
    job ping([&](worker& here) {
        here.group.schedule(here, other);
        return false;
    });
    job pong([&](worker& here) {
        if (rounds.fetch_add(1) != 500) {
            here.group.schedule(here, &ping);
        }
        return false;
    });
    other = &pong;
    worker_threads workers(1);
    workers->submit(&ping);
    wait_until([&] { return workers.quiet(); });
    CHECK(rounds.load() == 501);
}

TEST_CASE("a ring of jobs that never rests still looks at what comes from outside") {
    std::atomic<bool> end{false};
    std::atomic<bool> started{false};
    job busy([&](worker&) {
        started.store(true);
        return !end.load();
    });
    job outside([&](worker&) {
        end.store(true);
        return false;
    });
    worker_threads workers(1);
    workers->submit(&busy);
    wait_until([&] { return started.load(); });
    workers->submit(&outside);
    wait_until([&] { return workers.quiet(); });
    CHECK(end.load());
}

TEST_CASE("more than a ring holds overflows and is run all the same") {
    constexpr int many = 2000;
    std::atomic<int> ran{0};
    std::deque<job> jobs;
    for (int each = 0; each != many; ++each) {
        jobs.emplace_back([&](worker&) {
            ran.fetch_add(1);
            return false;
        });
    }
    job begin([&](worker& here) {
        for (job& each : jobs) {
            here.group.schedule(here, &each);
        }
        return false;
    });
    worker_threads workers(2);
    workers->submit(&begin);
    wait_until([&] { return workers.quiet(); });
    CHECK(ran.load() == many);
}

TEST_CASE("a worker with nothing to do steals from one that is busy") {
    steals.store(0);
    stolen.store(0);
    constexpr int many = 50;
    std::atomic<int> ran{0};
    std::deque<job> jobs;
    for (int each = 0; each != many; ++each) {
        jobs.emplace_back([&](worker&) {
            ran.fetch_add(1);
            return false;
        });
    }
    // Waits inside the runtime for the other worker to do it all but for what is in its own next slot.
    job begin([&](worker& here) {
        for (job& each : jobs) {
            here.group.schedule(here, &each);
        }
        wait_until([&] { return ran.load() == many - 1; });
        return false;
    });
    worker_threads workers(2);
    workers->submit(&begin);
    wait_until([&] { return workers.quiet(); });
    CHECK(ran.load() == many);
    CHECK(steals.load() >= 1);
    CHECK(stolen.load() >= steals.load());
}

TEST_CASE("an actor made ready before a long handler is taken by another worker") {
    for (const std::size_t workers_count : {std::size_t{2}, std::size_t{3}}) {
        std::atomic<bool> ran{false};
        job waiting([&](worker&) {
            ran.store(true);
            return false;
        });
        job long_one([&](worker& here) {
            here.group.schedule(here, &waiting);
            const outside_scope user_code(here.inside);
            wait_until([&] { return ran.load(); });
            return false;
        });
        worker_threads workers(workers_count);
        workers->submit(&long_one);
        wait_until([&] { return workers.quiet(); });
        CHECK(ran.load());
    }
}

TEST_CASE("what a long handler makes ready after a thief has come goes where it need not wait for one") {
    steals.store(0);
    constexpr int many = 20;
    std::atomic<int> ran{0};
    job waiting([&](worker&) {
        ran.fetch_add(1);
        return false;
    });
    std::atomic<int> in_next{0};
    job long_one([&](worker& here) {
        for (int each = 0; each != many; ++each) {
            here.group.schedule(here, &waiting);
            in_next.fetch_add(here.next.load() != nullptr ? 1 : 0);
            const outside_scope user_code(here.inside);
            wait_until([&] { return ran.load() == each + 1; });
        }
        return false;
    });
    worker_threads workers(2);
    workers->submit(&long_one);
    wait_until([&] { return workers.quiet(); });
    CHECK(ran.load() == many);
    CHECK(in_next.load() == 1);
    CHECK(steals.load() == many - 1);
}

TEST_CASE("the actor behind a long handler is found however late it comes") {
    std::atomic<bool> ran{false};
    std::atomic<bool> started{false};
    std::atomic<bool> go{false};
    job waiting([&](worker&) {
        ran.store(true);
        return false;
    });
    job long_one([&](worker& here) {
        started.store(true);
        {
            const outside_scope user_code(here.inside);
            wait_until([&] { return go.load(); });
        }
        here.group.schedule(here, &waiting);
        const outside_scope user_code(here.inside);
        wait_until([&] { return ran.load(); });
        return false;
    });
    worker_threads workers(2);
    workers->submit(&long_one);
    wait_until([&] { return started.load() && workers->awake() == 1; });  // the other one has gone to sleep
    go.store(true);
    wait_until([&] { return workers.quiet(); });
    CHECK(ran.load());
}

TEST_CASE("idle workers sleep, and each park has its wake") {
    parks.store(0);
    wakes.store(0);
    {
        std::atomic<int> ran{0};
        job one([&](worker&) {
            ran.fetch_add(1);
            return false;
        });
        worker_threads workers(2);
        for (int each = 1; each <= 20; ++each) {
            workers->submit(&one);
            wait_until([&] { return ran.load() == each; });
            // One that has announced its sleep stays awake if the next job comes just then.
            wait_until([&] { return workers.quiet() && parks.load() >= static_cast<std::size_t>(each); });
        }
    }
    CHECK(parks.load() >= 20);
    CHECK(wakes.load() == parks.load());
}

TEST_CASE("stopped cells are released when the workers have passed, at the latest at the end") {
    released.store(0);
    std::deque<job> cells;
    for (int each = 0; each != 200; ++each) {
        cells.emplace_back([](worker&) { return false; });
    }
    job begin([&](worker& here) {
        for (job& each : cells) {
            here.group.retire(here, &each);
        }
        return false;
    });
    {
        worker_threads workers(2);
        workers->submit(&begin);
        wait_until([&] { return workers.quiet() && released.load() == 200; });
    }
    CHECK(released.load() == 200);
    released.store(0);
    std::thread([&] {
        worker_threads workers(1);
        workers->submit(&begin);
        wait_until([&] { return workers.quiet(); });
    }).join();
    CHECK(released.load() == 200);
}

TEST_CASE("cells that stop just before the end are released") {
    released.store(0);
    std::atomic<bool> started{false};
    std::atomic<bool> joining{false};
    job cell([](worker&) { return false; });
    job last([&](worker& here) {
        started.store(true);
        wait_until([&] { return joining.load(); });
        for (int each = 0; each != 1000; ++each) {
            std::this_thread::yield();  // join() is under way by now, most likely
        }
        here.group.retire(here, &cell);
        return false;
    });
    {
        worker_threads workers(1);
        workers->submit(&last);
        wait_until([&] { return started.load(); });
        joining.store(true);
    }
    CHECK(released.load() == 1);
}

TEST_CASE("the bell rings when all have gone to sleep, if somebody listens") {
    std::atomic<bool> go{false};
    job one([&](worker& here) {
        const outside_scope user_code(here.inside);
        wait_until([&] { return go.load(); });
        return false;
    });
    worker_threads workers(2);
    workers->submit(&one);
    std::uint32_t heard = workers->listen();
    go.store(true);
    while (!workers.quiet()) {
        drover::futex_wait(workers->bell(), heard);
        heard = workers->listen();
    }
    workers->ring();
    CHECK(workers->bell().load() != heard);
}

TEST_CASE("workers are named and pinned in turn") {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    REQUIRE(::sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    int processor = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(processor), &allowed)) {
        processor += 1;
    }
    std::atomic<int> started{0};
    std::array<std::string, 2> names;
    std::array<int, 2> on{-1, -1};
    const auto body = [&](worker& here) {
        names[here.index] = name_of_this_thread();
        on[here.index] = ::sched_getcpu();
        started.fetch_add(1);
        const outside_scope user_code(here.inside);
        wait_until([&] { return started.load() == 2; });  // so that each has a worker of its own
        return false;
    };
    job first(body);
    job second(body);
    worker_threads workers(2, {processor});
    workers->submit(&first);
    workers->submit(&second);
    wait_until([&] { return workers.quiet(); });
    CHECK(names == std::array<std::string, 2>{"a-long-name/0", "a-long-name/1"});
    CHECK(on == std::array<int, 2>{processor, processor});
}

TEST_CASE("if a thread cannot be started those that were are ended") {
    std::size_t failures = 0;
    for (std::size_t allowed = 0; allowed != 12; ++allowed) {
        drover_test::test_core core;
        work_stealing<counting> workers(core, 3, &release);
        const std::string name = "test";
        bool threw = false;
        {
            const drover_test::failing_new refuse(allowed);
            try {
                workers.start(name, {});
            } catch (const std::bad_alloc&) {
                threw = true;
            }
        }
        failures += threw ? 1 : 0;
        if (!threw) {
            workers.join();
        }
    }
    CHECK(failures >= 3);  // the list, the first thread, the second …
}

TEST_CASE("abandoned workers go on without anybody") {
    // They may outlive the test and main: what they use is never destroyed.
    static auto& core = *new drover_test::test_core;
    static auto& workers = *new work_stealing<counting>(core, 1, &release);
    static std::atomic<bool> ran{false};
    static std::atomic<bool> go{false};
    static auto& stuck = *new job([](worker& here) {
        const outside_scope user_code(here.inside);
        wait_until([] { return go.load(); });
        ran.store(true);
        return false;
    });
    workers.start("left", {});
    workers.submit(&stuck);
    workers.abandon();
    go.store(true);
    wait_until([] { return ran.load(); });
    wait_until([] { return workers.quiescent([] { return true; }); });
    workers.join();  // has no threads any more; wakes the sleeper, who ends by himself
    CHECK(ran.load());
}
