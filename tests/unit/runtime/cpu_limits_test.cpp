#include <drover/runtime/cpu_limits.hpp>

#include <sched.h>

#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "support/temporary_folder.hpp"

using drover::cgroup_cpu_limit;
using drover_test::temporary_folder;

namespace {

// What `f` gives in a thread that may use only one processor.
template <class F>
std::size_t pinned_to_one(F f) {
    std::size_t result = 0;
    std::thread([&] {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        ::sched_getaffinity(0, sizeof allowed, &allowed);
        std::size_t first = 0;
        while (!CPU_ISSET(first, &allowed)) {
            first += 1;
        }
        CPU_ZERO(&allowed);
        CPU_SET(first, &allowed);
        ::sched_setaffinity(0, sizeof allowed, &allowed);
        result = f();
    }).join();
    return result;
}

}  // namespace

TEST_CASE("without control groups there is no limit") {
    const temporary_folder root;
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    CHECK(drover::default_worker_count(root.path()) == drover::affinity_count());
}

TEST_CASE("version 2: the quota over the period") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "0::/user.slice/job\n");
    root.write("/sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 1.5);
}

TEST_CASE("version 2: max is no limit, and the period may be missing") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "0::/job\n");
    root.write("/sys/fs/cgroup/job/cpu.max", "max 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    root.write("/sys/fs/cgroup/job/cpu.max", "250000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 2.5);
}

TEST_CASE("version 2: the lowest limit on the way up counts") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "0::/a/b/c\n");
    root.write("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    root.write("/sys/fs/cgroup/a/b/cpu.max", "300000 100000\n");
    root.write("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    root.write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 0.5);
}

TEST_CASE("version 2: inside a container the group is the root") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "0::/\n");
    root.write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 2.0);
}

TEST_CASE("version 2 beside version 1 is mounted below unified") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "0::/job");  // no newline at the end
    root.write("/sys/fs/cgroup/unified/job/cpu.max", "75000 50000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 1.5);
}

TEST_CASE("version 1: two files below the cpu controller") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/job\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "70000\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "50000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 1.4);
}

TEST_CASE("version 1: the mount may bear the names of both controllers") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "4:cpuacct,cpu:/\n");
    root.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    root.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 3.0);
}

TEST_CASE("version 1: a quota of -1 is none, and other controllers do not count") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "4:cpu:/job\n3:cpuset:/job\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    root.write("/sys/fs/cgroup/cpuset/job/cpu.cfs_quota_us", "100\n");
    root.write("/sys/fs/cgroup/cpuset/job/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    root.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);  // without its period
    root.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 1.0);
}

TEST_CASE("what cannot be understood does not limit") {
    const temporary_folder root;
    root.write("/proc/self/cgroup", "nonsense\n0:half\n\n0::/job\n4:cpu:/job\n");
    root.write("/sys/fs/cgroup/job/cpu.max", "many 100000\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "\n");
    root.write("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    root.write("/sys/fs/cgroup/job/cpu.max", "100000 0\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    root.write("/sys/fs/cgroup/job/cpu.max", "0 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
    root.write("/sys/fs/cgroup/job/cpu.max", "100000 often\n");
    CHECK(cgroup_cpu_limit(root.path()) == std::nullopt);
}

TEST_CASE("files longer than one read are read whole") {
    const temporary_folder root;
    std::string groups;
    for (int each = 0; each != 100; ++each) {
        groups += std::to_string(each + 2) + ":controller" + std::to_string(each) + ":/somewhere\n";
    }
    root.write("/proc/self/cgroup", groups + "0::/job\n");
    root.write("/sys/fs/cgroup/job/cpu.max", "100000 100000\n");
    CHECK(cgroup_cpu_limit(root.path()) == 1.0);
}

TEST_CASE("the number of workers is the limit rounded up, and no more than affinity allows") {
    const temporary_folder root;
    const std::size_t processors = drover::affinity_count();
    REQUIRE(processors >= 1);
    root.write("/proc/self/cgroup", "0::/\n");
    const auto with = [&](const std::string& quota) {
        root.write("/sys/fs/cgroup/cpu.max", quota + " 100000\n");
        return drover::default_worker_count(root.path());
    };
    CHECK(with("1") == 1);
    CHECK(with("99999") == 1);
    CHECK(with("100000") == 1);
    CHECK(with("110000") == std::min<std::size_t>(2, processors));
    CHECK(with("200000") == std::min<std::size_t>(2, processors));
    CHECK(with("6400000000") == processors);
}

TEST_CASE("a thread with one processor gets one worker") {
    const temporary_folder root;
    CHECK(pinned_to_one([] { return drover::affinity_count(); }) == 1);
    CHECK(pinned_to_one([&] { return drover::default_worker_count(root.path()); }) == 1);
}

TEST_CASE("this machine has a number of workers") {
    const std::size_t workers = drover::default_worker_count();
    CHECK(workers >= 1);
    CHECK(workers <= drover::affinity_count());
}
