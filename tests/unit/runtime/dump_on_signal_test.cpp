#include <drover/runtime/dump_on_signal.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/capture.hpp"
#include "support/plug.hpp"
#include "support/temporary_folder.hpp"
#include "support/world.hpp"

using drover::dump_on_signal;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct idler {
    void operator()(int) {}
};

std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Dumps of the runtime of that name; each ends with an empty line.
std::size_t dumps_in(const std::string& text, const std::string& name) {
    std::size_t count = 0;
    for (std::size_t at = text.find("runtime " + name + " at "); at != std::string::npos;
         at = text.find("runtime " + name + " at ", at + 1)) {
        count += text.find("\n\n", at) != std::string::npos ? 1 : 0;
    }
    return count;
}

world::change named(std::string name) {
    return [name](drover::runtime_options& chosen) { chosen.name = name; };
}

std::uint64_t bit(int signal) {
    return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

// The mask of this process's thread of that name, which may be just about to be given its name.
std::uint64_t blocked_by(const std::string& name) {
    for (;;) {
        for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
            if (read(each.path().string() + "/comm") == name + "\n") {
                const std::string status = read(each.path().string() + "/status");
                return std::stoull(status.substr(status.find("SigBlk:") + 7), nullptr, 16);
            }
        }
    }
}

void send_signal(int signal) {
    REQUIRE(::kill(::getpid(), signal) == 0);
}

}  // namespace

TEST_CASE("each signal appends a dump of the runtime to a file, which may be rotated") {
    const drover_test::temporary_folder folder;
    const std::string path = folder.path() + "/dump";
    world w(1, named("shop"));
    const auto actor = w.rt.spawn<idler>(drover::spawn_options{.name = "someone"});
    const dump_on_signal dumps(w.rt, SIGUSR2, path);
    CHECK(read(path).empty());
    send_signal(SIGUSR2);
    wait_until([&] { return dumps_in(read(path), "shop") == 1; });
    CHECK(read(path).find("runtime shop at ") == 0);
    CHECK(read(path).find(": 1 actor, 0 messages wait; ") != std::string::npos);
    send_signal(SIGUSR2);
    wait_until([&] { return dumps_in(read(path), "shop") == 2; });
    REQUIRE(std::rename(path.c_str(), (path + ".old").c_str()) == 0);
    send_signal(SIGUSR2);
    wait_until([&] { return dumps_in(read(path), "shop") == 1; });
    CHECK(dumps_in(read(path + ".old"), "shop") == 2);
}

TEST_CASE("a dump while a handler runs and the caller waits, to a descriptor") {
    std::FILE* const file = std::tmpfile();
    {
        world w(1, named("shop"));
        const auto actor = w.rt.spawn([](drover_test::plug&& p) { p.hold(); });
        const drover_test::plugged held(actor);
        const dump_on_signal dumps(w.rt, SIGUSR2, ::fileno(file));
        send_signal(SIGUSR2);
        const auto text = [&] {
            std::string all(10'000, '\0');
            all.resize(static_cast<std::size_t>(::pread(::fileno(file), all.data(), all.size(), 0)));
            return all;
        };
        wait_until([&] { return dumps_in(text(), "shop") == 1; });
        CHECK(text().find("what runs, the longest first") != std::string::npos);
    }
    CHECK(::fcntl(::fileno(file), F_GETFL) != -1);  // it stays the caller's
    std::fclose(file);
}

TEST_CASE("several runtimes share a signal, and each has its own time") {
    const drover_test::temporary_folder folder;
    const std::string first = folder.path() + "/first";
    const std::string second = folder.path() + "/second";
    const std::string other = folder.path() + "/other";
    world a(1, named("a"));
    const dump_on_signal dumps(a.rt, SIGUSR2, first);
    const dump_on_signal elsewhere(a.rt, SIGUSR1, other.c_str());
    {
        world b(1, named("b"));
        const dump_on_signal more(b.rt, SIGUSR2, second);
        send_signal(SIGUSR2);
        wait_until([&] { return dumps_in(read(first), "a") == 1 && dumps_in(read(second), "b") == 1; });
    }
    send_signal(SIGUSR2);
    wait_until([&] { return dumps_in(read(first), "a") == 2; });
    CHECK(dumps_in(read(second), "b") == 1);
    CHECK(read(other).empty());
    send_signal(SIGUSR1);
    wait_until([&] { return dumps_in(read(other), "a") == 1; });
}

TEST_CASE(
    "a signal that waits from before is taken, even if every other thread blocks it; one after the end is ignored") {
    const drover_test::temporary_folder folder;
    const std::string path = folder.path() + "/dump";
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, SIGUSR2);
    sigset_t before;
    REQUIRE(::pthread_sigmask(SIG_BLOCK, &one, &before) == 0);
    ::signal(SIGUSR2, SIG_DFL);
    world w(1, named("shop"));  // its threads block it, too
    send_signal(SIGUSR2);
    {
        const dump_on_signal first(w.rt, SIGUSR2, path);
        wait_until([&] { return dumps_in(read(path), "shop") == 1; });
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    send_signal(SIGUSR2);
    send_signal(SIGUSR2);
    CHECK(dumps_in(read(path), "shop") == 1);
    const dump_on_signal second(w.rt, SIGUSR2, path);
    CHECK(dumps_in(read(path), "shop") == 1);
    send_signal(SIGUSR2);
    wait_until([&] { return dumps_in(read(path), "shop") == 2; });
}

TEST_CASE("the thread of the dumps takes no other signal, and its maker keeps its mask and errno") {
    const drover_test::temporary_folder folder;
    const std::string path = folder.path() + "/dump";
    sigset_t before;
    sigset_t after;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
    world w(1, named("shop"));
    const dump_on_signal dumps(w.rt, SIGUSR2, path);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int each = 1; each != 64; ++each) {
        CHECK(::sigismember(&before, each) == ::sigismember(&after, each));
    }
    errno = 77;
    ::raise(SIGUSR2);  // handled in this thread
    CHECK(errno == 77);
    wait_until([&] { return dumps_in(read(path), "shop") == 1; });
    // It has begun, so its mask is its own: a new thread blocks everything for a moment.
    const std::uint64_t blocked = blocked_by("drover/dump");
    CHECK((blocked & bit(SIGUSR1)) != 0);
    CHECK((blocked & bit(SIGTERM)) != 0);
    CHECK((blocked & bit(SIGUSR2)) == 0);
}

TEST_CASE("a signal or a file that cannot be had is told, and the signal is left as it was") {
    const drover_test::temporary_folder folder;
    const std::string path = folder.path() + "/dump";
    world w(1);
    for (const int wrong : {-1, 0, 65, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        CHECK_THROWS_WITH(
            dump_on_signal(w.rt, wrong, path),
            "drover: dump_on_signal got signal " + std::to_string(wrong) +
                ", which cannot be taken for that; use SIGUSR1, SIGUSR2 or one from SIGRTMIN to SIGRTMAX");
    }
    CHECK_THROWS_WITH(dump_on_signal(w.rt, 32, path),  // the C library's own
                      "drover: dump_on_signal cannot take signal 32 (Invalid argument); use SIGUSR1 or SIGUSR2");
    const auto nothing = [](int) {};
    struct sigaction mine{};
    mine.sa_handler = nothing;
    struct sigaction kept{};
    ::sigaction(SIGUSR1, &mine, &kept);
    CHECK_THROWS_WITH(dump_on_signal(w.rt, SIGUSR1, path),
                      "drover: dump_on_signal got signal " + std::to_string(SIGUSR1) +
                          ", for which this program has a handler already; use another signal");
    struct sigaction present{};
    ::sigaction(SIGUSR1, nullptr, &present);
    CHECK(present.sa_handler == +nothing);
    mine.sa_flags = SA_SIGINFO;
    mine.sa_sigaction = [](int, siginfo_t*, void*) {};
    ::sigaction(SIGUSR1, &mine, nullptr);
    CHECK_THROWS_AS(dump_on_signal(w.rt, SIGUSR1, path), std::invalid_argument);
    ::sigaction(SIGUSR1, &kept, nullptr);

    ::signal(SIGUSR2, SIG_DFL);
    const std::string missing = folder.path() + "/missing/dump";
    CHECK_THROWS_WITH(dump_on_signal(w.rt, SIGUSR2, missing),
                      "drover: dump_on_signal cannot write to \"" + missing +
                          "\"; name a file that this process may write: No such file or directory");
    CHECK_THROWS_AS(dump_on_signal(w.rt, SIGUSR2, missing), std::system_error);
    CHECK_THROWS_WITH(dump_on_signal(w.rt, SIGUSR2, -7),
                      "drover: dump_on_signal got descriptor -7, which is not open for writing; use STDERR_FILENO or a "
                      "path");
    const int unwritable = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_THROWS_AS(dump_on_signal(w.rt, SIGUSR2, unwritable), std::invalid_argument);
    ::close(unwritable);
    CHECK_THROWS_WITH(dump_on_signal(w.rt, SIGUSR2, path, {.most_counted = 0}),
                      "drover: dump_options::most_counted is 0; use 1 to 9223372036854775807");
    ::sigaction(SIGUSR2, nullptr, &present);
    CHECK(present.sa_handler == SIG_DFL);
}

TEST_CASE("a dump that cannot be written is a line on standard error, and the next one is made") {
    const drover_test::temporary_folder folder;
    world w(1, named("shop"));
    SECTION("a path that has gone") {
        const std::string below = folder.path() + "/below";
        folder.write("/below/dump", "");
        const dump_on_signal dumps(w.rt, SIGUSR2, below + "/dump");
        REQUIRE(std::rename(below.c_str(), (below + ".old").c_str()) == 0);
        std::FILE* const errors = std::tmpfile();
        const int kept = ::dup(STDERR_FILENO);
        ::dup2(::fileno(errors), STDERR_FILENO);
        ::raise(SIGUSR2);
        wait_until([&] { return ::lseek(::fileno(errors), 0, SEEK_END) > 0; });
        ::dup2(kept, STDERR_FILENO);
        ::close(kept);
        CHECK(drover_test::contents(errors).find("drover: no dump after a signal: ") == 0);
        std::fclose(errors);
        REQUIRE(std::rename((below + ".old").c_str(), below.c_str()) == 0);
        send_signal(SIGUSR2);
        wait_until([&] { return dumps_in(read(below + "/dump"), "shop") == 1; });
    }
    SECTION("a device that is full") {
        const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
        REQUIRE(full != -1);
        const drover::detail::dump_file file(full);
        CHECK_THROWS_WITH(file.append("x"), "a dump could not be written to descriptor " + std::to_string(full) +
                                                ": No space left on device");
        ::close(full);
    }
}
