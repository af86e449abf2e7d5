#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "drover/base/text.hpp"
#include "drover/testing/simulated_runtime.hpp"

namespace drover {

/// A scenario failed under one seed.
class exploration_failed : public std::runtime_error {
public:
    exploration_failed(std::uint64_t seed, const std::string& sentence) : std::runtime_error(sentence), seed_(seed) {}
    std::uint64_t seed() const noexcept { return seed_; }

private:
    std::uint64_t seed_;
};

namespace detail {

// The seed that DROVER_SEED names, if it names one.
inline bool seed_from_environment(std::uint64_t& seed) {
    const char* const text = std::getenv("DROVER_SEED");
    if (text == nullptr || *text == '\0') {
        return false;
    }
    std::size_t read = 0;
    try {
        seed = std::stoull(text, &read, 0);
    } catch (const std::exception&) {
        read = 0;
    }
    if (read == 0 || text[read] != '\0' || *text == '-') {
        throw std::invalid_argument(
            join_text({"drover: DROVER_SEED is \"", text, "\", which is no number; use the seed that explore named"}));
    }
    return true;
}

template <class F, class Scenario>
void explore_one(std::uint64_t seed, Scenario& scenario, const simulated_options& options) {
    basic_simulated_runtime<F> rt(seed, options);
    scenario(rt);
}

template <class F, class Scenario>
std::string replay(std::uint64_t seed, Scenario& scenario, const simulated_options& options) {
    try {
        explore_one<F>(seed, scenario, options);
    } catch (const std::exception& again) {
        return again.what();
    } catch (...) {}
    return {};
}

}  // namespace detail

/// Runs `scenario(simulated_runtime&)`, each time on a fresh simulation, with the seeds 1 to `seeds`; with the one in
/// the environment variable DROVER_SEED alone, if that is set. Faults that `options` leave to the seed differ from seed
/// to seed. A scenario fails by an exception. The first that does ends it: by exploration_failed, which names the seed
/// and what was thrown; what is no std::exception (as a test framework may throw) goes on as it is, and the seed is
/// printed on standard error. A seed that fails is run a second time, and if that ends otherwise the sentence says so:
/// then something beside the seed decides, such as real time, an address or another thread. Gives the number of seeds
/// that were run.
template <class F = features, class Scenario>
std::uint64_t explore(std::uint64_t seeds, Scenario&& scenario, const simulated_options& options = {}) {
    std::uint64_t first = 1;
    if (detail::seed_from_environment(first)) {
        seeds = 1;
    }
    for (std::uint64_t each = 0; each != seeds; ++each) {
        const std::uint64_t seed = first + each;
        const std::string number = std::to_string(seed);
        try {
            detail::explore_one<F>(seed, scenario, options);
        } catch (const std::exception& error) {
            const std::string what = error.what();
            const bool repeats = detail::replay<F>(seed, scenario, options) == what;
            throw exploration_failed(
                seed, join_text({"drover: seed ", number, " of ", std::to_string(seeds), " fails: ", what,
                                 repeats ? "; DROVER_SEED="
                                         : "; it does not fail alike a second time, so something beside "
                                           "the seed decides, such as real time or an address; "
                                           "DROVER_SEED=",
                                 number, " runs this one alone"}));
        } catch (...) {
            std::fprintf(stderr, "drover: seed %s of %s fails; DROVER_SEED=%s runs this one alone\n", number.c_str(),
                         std::to_string(seeds).c_str(), number.c_str());
            throw;
        }
    }
    return seeds;
}

}  // namespace drover
