#include <drover/tracing/crash_dump.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/tracing/flight_tracing.hpp>

#include "support/death.hpp"
#include "support/temporary_folder.hpp"

namespace {

constexpr drover::message_names job{"worker", "job"};
constexpr drover::message_names bad{"worker", "bad"};
using tracing = drover::flight_tracing<>;

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Three lines of two threads: one that has ended, and this one, in the middle of a handler.
template <class Crash>
void handle_and(Crash crash) {
    tracing::stamp first;
    std::thread([&] { tracing::sent(first, drover::actor_id{1}, job); }).join();
    const tracing::handling here(first, drover::actor_id{7}, job);
    tracing::stamp second;
    tracing::sent(second, drover::actor_id{8}, bad);
    crash();
}

// A sanitizer's own handler would end the process in its own way.
void as_a_plain_program() {
    for (const int each : drover::detail::crash_handler::signals) {
        std::signal(each, SIG_DFL);
    }
}

[[gnu::noinline]] void write_to_nowhere() {
    int* volatile nowhere = reinterpret_cast<int*>(8);
    *static_cast<volatile int*>(nowhere) = 1;
}

void look_at(const std::string& said, int signal) {
    CAPTURE(said);
    CHECK(said.find("drover: signal " + std::to_string(signal) + "; what each") == 0);
    CHECK(said.find(", ended\n  sent    span ") != std::string::npos);
    CHECK(said.find(" ns ago, worker: job\n") != std::string::npos);
    const std::size_t mine = said.find(", which has crashed\n  began   span ");
    CHECK(mine != std::string::npos);
    CHECK(said.find(" ns ago, worker: job, actor 7\n  sent    span ", mine) != std::string::npos);
    CHECK(said.find(" ns ago, worker: bad, of span ", mine) != std::string::npos);
    CHECK(said.ends_with('\n'));
}

}  // namespace

TEST_CASE("a crash writes the last records of each thread, and ends the process as it would have without") {
    SECTION("a fault of the processor's") {
        const auto end = drover_test::in_child([] {
            as_a_plain_program();
            drover::install_crash_dump(STDERR_FILENO);
            handle_and(write_to_nowhere);
        });
        CHECK(end.signal == SIGSEGV);
        look_at(end.said, SIGSEGV);
    }
    SECTION("a signal that was sent") {
        for (const int each : {SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
            const auto end = drover_test::in_child([each] {
                as_a_plain_program();
                drover::install_crash_dump(STDERR_FILENO);
                handle_and([each] { each == SIGABRT ? std::abort() : static_cast<void>(std::raise(each)); });
            });
            CHECK(end.signal == each);
            look_at(end.said, each);
        }
    }
    SECTION("into a file, which is not there before") {
        const drover_test::temporary_folder folder;
        const std::filesystem::path file = folder.path() + "/last";
        const auto end = drover_test::in_child([&] {
            as_a_plain_program();
            drover::install_crash_dump(file);
            if (std::filesystem::exists(file)) {
                return;
            }
            handle_and(write_to_nowhere);
        });
        CHECK(end.signal == SIGSEGV);
        CHECK(end.said.empty());
        look_at(text_of(file), SIGSEGV);
    }
}

TEST_CASE("the handler that was there before a crash dump was wanted has the signal after it") {
    const auto end = drover_test::in_child([] {
        as_a_plain_program();
        for (const int each : {SIGSEGV, SIGABRT}) {
            std::signal(each, [](int) {
                drover_test::save_counts();
                ::_exit(42);
            });
        }
        drover::install_crash_dump(STDERR_FILENO);
        handle_and(write_to_nowhere);
    });
    CHECK(end.status == 42);
    look_at(end.said, SIGSEGV);
    const auto aborted = drover_test::in_child([] {
        as_a_plain_program();
        std::signal(SIGABRT, [](int) {
            drover_test::save_counts();
            ::_exit(43);
        });
        drover::install_crash_dump(STDERR_FILENO);
        handle_and([] { std::abort(); });
    });
    CHECK(aborted.status == 43);
    look_at(aborted.said, SIGABRT);
}

TEST_CASE("a crash dump has as many records of a thread as were wanted, and the last call decides") {
    const auto end = drover_test::in_child([] {
        as_a_plain_program();
        drover::install_crash_dump("/nowhere-written");
        drover::install_crash_dump(STDERR_FILENO, 1);
        handle_and([] { std::abort(); });
    });
    CHECK(end.signal == SIGABRT);
    CAPTURE(end.said);
    CHECK(end.said.find("began") == std::string::npos);
    CHECK(end.said.find("worker: bad") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists("/nowhere-written"));
}

TEST_CASE("a crash dump that cannot be written does not keep the process") {
    const auto end = drover_test::in_child([] {
        as_a_plain_program();
        const drover_test::temporary_folder gone;
        drover::install_crash_dump(gone.path() + "/last");
        std::filesystem::remove_all(gone.path());
        handle_and([] { std::abort(); });
    });
    CHECK(end.signal == SIGABRT);
    const auto closed = drover_test::in_child([] {
        as_a_plain_program();
        drover::install_crash_dump(1'000);
        handle_and([] { std::abort(); });
    });
    CHECK(closed.signal == SIGABRT);
}

TEST_CASE("a record that cannot be read ends the dump, and the process, and what came before is written") {
    const auto end = drover_test::in_child([] {
        as_a_plain_program();
        drover::install_crash_dump(STDERR_FILENO);
        handle_and([] {
            tracing::stamp lost;
            tracing::sent(lost, drover::actor_id{1}, *reinterpret_cast<const drover::message_names*>(16));
            std::abort();
        });
    });
    CHECK(end.signal == SIGSEGV);
    CHECK(end.said.find("worker: bad") != std::string::npos);
}

TEST_CASE("two threads that crash at once leave one whole dump") {
    const auto end = drover_test::in_child([] {
        as_a_plain_program();
        drover::install_crash_dump(STDERR_FILENO);
        std::thread other([] { write_to_nowhere(); });
        handle_and(write_to_nowhere);
        other.join();
    });
    CHECK(end.signal == SIGSEGV);
    CHECK(end.said.find("drover: signal") == end.said.rfind("drover: signal"));
}

TEST_CASE("where a crash dump cannot go is said when it is wanted") {
    CHECK_THROWS_WITH(
        drover::install_crash_dump("/no/such/folder/file"),
        "drover: install_crash_dump got the file '/no/such/folder/file', whose folder is not there; make it first");
    CHECK_THROWS_WITH(drover::install_crash_dump("/tmp/file", 0),
                      "drover: install_crash_dump got 0 records; use 1 or more");
    CHECK_THROWS_WITH(
        drover::install_crash_dump(-1),
        "drover: install_crash_dump got descriptor -1 and 64 records; use an open descriptor, and 1 record or more");
    CHECK_THROWS_WITH(drover::install_crash_dump("/" + std::string(5000, 'x')),
                      "drover: install_crash_dump got a path of 5001 bytes; use less than 4096");
}
