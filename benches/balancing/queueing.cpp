// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "policies.hpp"
#include "report.hpp"
#include "simulator.hpp"

namespace benches::balancing {
namespace {

constexpr service_kind services[] = {service_kind::exponential, service_kind::hyperexponential, service_kind::bimodal};

std::vector<workload> workloads_of(service_kind service, bool quick) {
    std::vector<workload> found;
    if (!quick) {
        for (const pool_kind kind :
             {pool_kind::equal, pool_kind::skewed, pool_kind::one_slow, pool_kind::one_failing}) {
            for (const std::uint32_t members : {4U, 16U, 128U}) {
                for (const unsigned load : {50U, 70U, 80U, 90U, 95U}) {
                    found.push_back({service, kind, members, load});
                }
            }
        }
    } else if (service == service_kind::exponential) {
        found.push_back({service, pool_kind::equal, 16, 50});
        found.push_back({service, pool_kind::equal, 16, 90});
        found.push_back({service, pool_kind::skewed, 16, 80});
        found.push_back({service, pool_kind::one_failing, 16, 70});
    }
    if (service == service_kind::exponential) {
        found.push_back({service, pool_kind::one_slow, 8, 70});
        found.push_back({service, pool_kind::healthy, 8, 70});
    }
    return found;
}

// A queue that begins empty takes about 1000 services of each member to forget it, at 95 % and exponential service.
std::size_t warm_up_of(const workload& what, std::size_t jobs) {
    return jobs / 10 + jobs / 1000 * what.members;
}

template <class Entry>
void run_cell(const workload& what, std::span<const job> jobs, std::size_t counted, report& to) {
    if (Entry::only_where_weights_differ && what.kind != pool_kind::skewed) return;
    if (!to.asked.wants(fmt::format("queueing/{}/{}/{}/{}/{}", name_of(what.service), name_of(what.kind), what.members,
                                    what.load, Entry::name))) {
        return;
    }
    const std::size_t warm_up = warm_up_of(what, counted);
    const auto run = [&] {
        return simulate<typename Entry::policy>(what, jobs.first(warm_up + counted), warm_up,
                                                drover::mix_bits(to.asked.seed, 0x9e));
    };
    const sojourns found = run();
    if (to.asked.quick) {  // what is this short is worth a look at whether the seed decides all
        to.repeated += 1;
        to.differing += found == run() ? 0 : 1;
    }
    to.queueing.push_back({.what = what,
                           .policy = std::string(Entry::name),
                           .jobs = counted,
                           .mean = found.mean(),
                           .half_width = found.half_width(),
                           .batch_correlation = found.batch_correlation(),
                           .p50 = found.quantile(0.5),
                           .p99 = found.quantile(0.99),
                           .p999 = found.quantile(0.999),
                           .failed = found.failed(),
                           .grows = found.grows()});
}

}  // namespace

void run_queueing(report& to) {
    const std::size_t counted = to.asked.quick ? 100'000 : 1'000'000;
    for (const service_kind service : services) {
        const std::vector<workload> workloads = workloads_of(service, to.asked.quick);
        std::size_t wanted = 0;
        for (const workload& what : workloads) {
            wanted = std::max(wanted, counted + warm_up_of(what, counted));
        }
        job_source source(service, to.asked.seed);
        std::vector<job> jobs(wanted);
        std::generate(jobs.begin(), jobs.end(), [&source] { return source.next(); });
        for (const workload& what : workloads) {
            queueing_policies::for_each([&](auto entry) { run_cell<decltype(entry)>(what, jobs, counted, to); });
        }
    }
}

}  // namespace benches::balancing
