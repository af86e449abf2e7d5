// The soak: 10 000 actors with random failures, stops, restarts, timers, asks and watches on threads and in real time.
// Now and then everybody keeps still, and then the accounts must be exact, the actors all there and the memory flat.
#include <drover/drover.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "books.hpp"
#include "checks.hpp"
#include "tree.hpp"
#include "world.hpp"

namespace soak {
namespace {

using clock = std::chrono::steady_clock;

struct options {
    double minutes = 1;
    std::uint64_t seed = 1;
    double patience = 30;
    mistake wrong = mistake::none;
};

constexpr std::string_view usage =
    "usage: soak [--minutes N] [--seed N] [--patience S] [--break count|message|memory|actor]\n"
    "\n"
    "  --minutes N  how long, 0.05 to 1440; a fraction is allowed (default 1)\n"
    "  --seed N     what the choices of the actors follow from (default 1)\n"
    "  --patience S seconds in which all must have come to its end when nobody begins anything new (default 30)\n"
    "  --break W    make a mistake on purpose, to see that it is found\n"
    "\n"
    "Exit status: 0 all was well, 1 something was wrong, 2 usage.\n";

std::optional<options> parse(int argc, char** argv) {
    options chosen;
    for (int each = 1; each < argc; each += 2) {
        const std::string_view name = argv[each];
        if (each + 1 == argc) {
            return std::nullopt;
        }
        const std::string_view value = argv[each + 1];
        char* end = nullptr;
        if (name == "--minutes") {
            chosen.minutes = std::strtod(argv[each + 1], &end);
            if (*end != '\0' || !(chosen.minutes >= 0.05 && chosen.minutes <= 1440)) {
                return std::nullopt;
            }
        } else if (name == "--seed") {
            chosen.seed = std::strtoull(argv[each + 1], &end, 10);
            if (value.empty() || *end != '\0') {
                return std::nullopt;
            }
        } else if (name == "--patience") {
            chosen.patience = std::strtod(argv[each + 1], &end);
            if (*end != '\0' || !(chosen.patience >= 1 && chosen.patience <= 3600)) {
                return std::nullopt;
            }
        } else if (name == "--break") {
            chosen.wrong = value == "count"     ? mistake::count
                           : value == "message" ? mistake::message
                           : value == "memory"  ? mistake::memory
                           : value == "actor"   ? mistake::actor
                                                : mistake::none;
            if (chosen.wrong == mistake::none) {
                return std::nullopt;
            }
        } else {
            return std::nullopt;
        }
    }
    return chosen;
}

drover::runtime_options with_sinks() {
    drover::runtime_options chosen;
    chosen.name = "soak";
    chosen.on_dead_letter = [](const drover::dead_letter& heard) {
        the_books.add(entry::dead);
        the_books.add(entry::timed_dead, is_timed(heard.message) ? 1 : 0);
        the_books.add(entry::dead_failed, heard.reason == drover::dead_letter_reason::failed ? 1 : 0);
    };
    chosen.on_failure = [](const drover::failure& heard) {
        the_books.add(entry::failures);
        if (!is_planned(heard.exception)) {
            the_books.add(entry::unplanned);
            const std::string text = drover::describe(heard.exception);
            std::fprintf(stderr, "soak: %.*s failed: %s\n", static_cast<int>(heard.actor.size()), heard.actor.data(),
                         text.c_str());
        }
    };
    return chosen;
}

class driver {
public:
    explicit driver(const options& chosen)
        : patience_(std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(chosen.patience))),
          all_(std::make_unique<world>()),
          random_(chosen.seed),
          rt_(std::make_unique<drover::runtime>(with_sinks())) {
        all_->seed = chosen.seed;
        all_->wrong = chosen.wrong;
        for (std::size_t each = 0; each != regions; ++each) {
            spawn(each);
        }
    }

    const drover::runtime& rt() const { return *rt_; }

    /// Sends at random until then.
    void disturb(clock::time_point until) {
        all_->calm = false;
        while (clock::now() < until) {
            for (int each = 0; each != 500; ++each) {
                tell(somebody(), poke{});
            }
            ask_and_wait();
            trouble();
            // More than this is no harder, and its memory would be that of a queue.
            while (rt_->statistics().pending > 20'000) {
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
        }
    }

    /// Nobody begins anything new; then waits until nothing is under way. What is still wrong when the patience ends
    /// stays so.
    std::vector<std::string> keep_still() {
        all_->calm = true;
        const auto patience = clock::now() + patience_;
        for (;;) {
            replace_regions();
            std::vector<std::string> wrong = find_wrong(*rt_);
            if (wrong.empty()) {
                return wrong;
            }
            if (clock::now() > patience) {
                name_unsettled(wrong, rt_->tree());
                return wrong;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    /// Ends the runtime, which must leave nothing behind. `blocks` were in use before it began.
    std::vector<std::string> end(std::size_t blocks) {
        std::vector<std::string> wrong;
        if (!rt_->drain(patience_, drover::timed_sends::finish).complete) {
            wrong.push_back("drain did not come to its end");
        }
        if (!rt_->stop().complete) {
            wrong.push_back("stop did not come to its end");
        }
        for (std::string& each : compare_accounts(*rt_)) {
            wrong.push_back("after the stop: " + std::move(each));
        }
        rt_.reset();
        all_.reset();
        regions_.clear();
        expect_same(wrong, "at the end, states", the_books.sum(entry::states_made), the_books.sum(entry::states_gone));
        expect_same(wrong, "at the end, tokens", the_books.sum(entry::tokens_gone), the_books.sum(entry::tokens_made));
        expect_same(wrong, "at the end, blocks of the pool", blocks_in_use(), blocks);
        return wrong;
    }

private:
    drover::ref<member> somebody() { return all_->members.at(random_.below(static_cast<std::uint32_t>(seats))); }

    void spawn(std::size_t which) {
        const drover::supervised how{
            .plan = {.decide = &as_planned, .limit = {.count = 1000, .within = 1s}, .backoff = {.first = 1ms}}};
        regions_.resize(regions);
        regions_[which] = rt_->spawn<region>(how, all_.get(), which);
        the_books.add(entry::spawned);
    }

    // A failure that is to stop a region does so, and nobody is above it but us.
    void replace_regions() {
        for (std::size_t each = 0; each != regions; ++each) {
            if (regions_[each].stopped()) {
                spawn(each);
            }
        }
    }

    void ask_and_wait() {
        the_books.add(entry::asks_blocking);
        the_books.add(entry::sent);
        const auto got = random_.below(2) == 0 ? somebody().ask(journey{1}, std::chrono::milliseconds(50)).result()
                                               : somebody().ask(note{1}, std::chrono::milliseconds(50)).result();
        // No other error can come of an actor that was there.
        const auto code = got.has_value() ? drover::ask_error::timeout : got.error().code;
        if (code == drover::ask_error::timeout || code == drover::ask_error::actor_stopped ||
            code == drover::ask_error::handler_threw || code == drover::ask_error::no_answer) {
            the_books.add(entry::outcomes);
        }
    }

    void trouble() {
        replace_regions();
        if (random_.below(20) == 0) {
            const std::uint32_t what = random_.below(10);
            tell(regions_[random_.below(regions)], fail{what < 5   ? directive::restart
                                                        : what < 8 ? directive::stop
                                                                   : directive::escalate});
        }
        if (random_.below(2000) == 0) {
            regions_[random_.below(regions)].stop();
        }
    }

    clock::duration patience_;
    std::unique_ptr<world> all_;
    drover::random_source random_;
    std::unique_ptr<drover::runtime> rt_;
    std::vector<drover::ref<region>> regions_;
};

void say(double seconds, const drover::runtime& rt, const sample& memory, const std::vector<std::string>& wrong) {
    const drover::accounting sums = rt.statistics();
    const auto own = [](entry which) { return static_cast<unsigned long long>(the_books.sum(which)); };
    std::printf(
        "%6.1f s  %10llu messages  %8llu dead  %7llu failures  %8llu spawned  %8llu states  %8llu asks  %8llu timers  "
        "%8llu watches  %6.1f MiB  %7llu blocks  %s\n",
        seconds, static_cast<unsigned long long>(sums.offered), static_cast<unsigned long long>(sums.dead()),
        own(entry::failures), own(entry::spawned), own(entry::states_made),
        own(entry::asks_then) + own(entry::asks_awaited) + own(entry::asks_blocking), own(entry::timed_set),
        own(entry::watches), static_cast<double>(memory.resident) / (1U << 20U),
        static_cast<unsigned long long>(memory.blocks), wrong.empty() ? "good" : "WRONG");
    std::fflush(stdout);
}

int run(const options& chosen) {
    const auto length = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(60 * chosen.minutes));
    // A dozen looks at the least, and one each five seconds.
    const clock::duration step = std::min<clock::duration>(length / 12, std::chrono::seconds(5));
    const std::size_t blocks = blocks_in_use();
    std::printf("soak: %zu actors, %.2f minutes, seed %llu\n", all_actors, chosen.minutes,
                static_cast<unsigned long long>(chosen.seed));

    std::vector<std::string> wrong;
    {
        driver drives(chosen);
        std::vector<sample> samples;
        wrong = drives.keep_still();
        const auto start = clock::now();
        for (auto next = start + step; wrong.empty() && next <= start + length; next += step) {
            drives.disturb(next);
            wrong = drives.keep_still();
            samples.push_back(take_sample());
            say(std::chrono::duration<double>(clock::now() - start).count(), drives.rt(), samples.back(), wrong);
        }
        if (wrong.empty()) {
            wrong = find_growth(samples);
        }
        for (std::string& each : drives.end(blocks)) {
            wrong.push_back(std::move(each));
        }
    }
    for (const std::string& each : wrong) {
        std::printf("soak: wrong: %s\n", each.c_str());
    }
    std::printf("soak: %s\n", wrong.empty() ? "good" : "FAILED");
    return wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace soak

int main(int argc, char** argv) {
    const auto chosen = soak::parse(argc, argv);
    if (!chosen) {
        std::fputs(soak::usage.data(), stderr);
        return 2;
    }
    try {
        return soak::run(*chosen);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "soak: %s\n", error.what());
        return 1;
    }
}
