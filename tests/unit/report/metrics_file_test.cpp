#include <drover/report/metrics_file.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/temporary_folder.hpp"

namespace {

using drover::metric_family;
using drover::metric_type;

std::vector<metric_family> families(std::uint64_t value, std::size_t series = 1) {
    metric_family family{.name = "drover_test", .help = "A number.", .type = metric_type::gauge};
    for (std::size_t each = 0; each != series; ++each) {
        family.series.push_back({{{"series", std::to_string(each)}}, value});
    }
    return {family};
}

std::string contents(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
        names.push_back(each.path().filename().string());
    }
    return names;
}

// No file of this process may become longer while this lives: as on a full disk, a write stops in the middle.
class short_files {
public:
    explicit short_files(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~short_files() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    short_files(const short_files&) = delete;
    short_files& operator=(const short_files&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

}  // namespace

TEST_CASE("a metrics file holds the text, can be read by others, and replaces the one before") {
    const drover_test::temporary_folder folder;
    const std::string file = folder.path() + "/drover.prom";
    drover::write_metrics_file(file, families(1));
    CHECK(contents(file) == "# HELP drover_test A number.\n# TYPE drover_test gauge\ndrover_test{series=\"0\"} 1\n");
    struct stat status{};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    CHECK((status.st_mode & 0777U) == (0644U & ~mask));

    drover::write_metrics_file(file, families(2));
    CHECK(contents(file).ends_with("} 2\n"));
    CHECK(names_in(folder.path()) == std::vector<std::string>{"drover.prom"});
}

TEST_CASE("a file that cannot be written is named, and leaves nothing behind") {
    const drover_test::temporary_folder folder;
    SECTION("no such folder") {
        const std::string file = folder.path() + "/none/drover.prom";
        CHECK_THROWS_WITH(drover::write_metrics_file(file, families(1)),
                          "drover: the metrics file '" + file +
                              "' was not written, and what was there is still there; opening a file beside it failed: "
                              "No such file or directory");
        CHECK_THROWS_AS(drover::write_metrics_file(file, families(1)), std::system_error);
        CHECK(names_in(folder.path()).empty());
    }
    SECTION("its name is taken by a folder") {
        const std::string file = folder.path() + "/drover.prom";
        std::filesystem::create_directory(file);
        CHECK_THROWS_WITH(drover::write_metrics_file(file, families(1)),
                          Catch::Contains(file) && Catch::EndsWith("renaming to it failed: Is a directory"));
        CHECK(names_in(folder.path()) == std::vector<std::string>{"drover.prom"});
    }
    SECTION("the disk is full half way") {
        const std::string file = folder.path() + "/drover.prom";
        drover::write_metrics_file(file, families(7));
        const std::string before = contents(file);
        std::string what;
        {
            // Nothing is checked in here: a report may be written to a file as well.
            const short_files limit(1000);
            try {
                drover::write_metrics_file(file, families(8, 1000));
            } catch (const std::system_error& error) {
                what = error.what();
            }
        }
        CHECK_THAT(what, Catch::Contains(file) && Catch::EndsWith("writing failed: File too large"));
        CHECK(contents(file) == before);
        CHECK(names_in(folder.path()) == std::vector<std::string>{"drover.prom"});
    }
    SECTION("what is to be written is refused") {
        std::vector<metric_family> bad = families(1);
        bad[0].name = "no name";
        CHECK_THROWS_AS(drover::write_metrics_file(folder.path() + "/drover.prom", bad), std::invalid_argument);
        CHECK(names_in(folder.path()).empty());
    }
}

TEST_CASE("a file that the node exporter would not read is refused") {
    CHECK_THROWS_WITH(drover::write_metrics_file("metrics.txt", families(1)),
                      "drover: the metrics file 'metrics.txt' would not be read, as the node exporter reads files that "
                      "end in .prom; give it such a name");
    CHECK_THROWS_AS(drover::write_metrics_file(".prom", families(1)), std::invalid_argument);
}

TEST_CASE("who reads the file never sees half of it") {
    const drover_test::temporary_folder folder;
    const std::string file = folder.path() + "/drover.prom";
    drover::write_metrics_file(file, families(0, 200));
    const std::size_t size = contents(file).size();
    std::atomic<bool> over{false};
    std::size_t torn = 0;
    std::thread reader([&] {
        while (!over.load()) {
            torn += contents(file).size() != size ? 1 : 0;
        }
    });
    std::vector<std::thread> writers;
    for (int writer = 0; writer != 2; ++writer) {
        writers.emplace_back([&] {
            for (std::uint64_t each = 0; each != 10; ++each) {
                drover::write_metrics_file(file, families(each, 200));
            }
        });
    }
    for (std::thread& each : writers) {
        each.join();
    }
    over.store(true);
    reader.join();
    CHECK(torn == 0);
    CHECK(names_in(folder.path()) == std::vector<std::string>{"drover.prom"});
}

TEST_CASE("a leftover of the name that would be used does not stand in the way") {
    const drover_test::temporary_folder folder;
    const std::string file = folder.path() + "/drover.prom";
    // Whatever the next number is, it is among these.
    std::size_t leftovers = 0;
    for (int each = 0; each != 200; ++each) {
        std::ofstream(folder.path() + "/.drover.prom." + std::to_string(::getpid()) + "." + std::to_string(each))
            << "x";
        leftovers += 1;
    }
    drover::write_metrics_file(file, families(3));
    CHECK(contents(file).ends_with("} 3\n"));
    CHECK(names_in(folder.path()).size() == leftovers + 1);
}

TEST_CASE("a file without a folder is written where the process is") {
    const drover_test::temporary_folder folder;
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    drover::write_metrics_file("here.prom", families(4));
    std::filesystem::current_path(before);
    CHECK(names_in(folder.path()) == std::vector<std::string>{"here.prom"});
}
