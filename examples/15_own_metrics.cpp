// A metrics policy of one's own: the longest run of messages that one thread has handled without a pause, and a count
// of what failed, beside the counters that come with drover. What is not hidden here costs nothing.
#include <algorithm>
#include <cstddef>
#include <cstdio>

#include <drover/drover.hpp>

struct longest_run : drover::no_metrics {
    struct thread_part {  // one for each thread, which alone writes to it
        drover::owned_counter messages;
        drover::owned_counter longest;
        void absorb(const thread_part& gone) noexcept { raise(gone.longest.read()); }
        void raise(std::uint64_t run) noexcept { longest.add(std::max(run, longest.read()) - longest.read()); }
        std::uint64_t begun = 0;
    };

    static void on_handled(thread_part& mine, drover::hook_subject, std::size_t count) noexcept {
        mine.raise(mine.messages.add(count) - mine.begun);
    }
    static void on_idle(thread_part& mine) noexcept { mine.begun = mine.messages.read(); }
};

struct observed : drover::features {
    using metrics = drover::combined_metrics<drover::counter_metrics, longest_run>;
};
using app = drover::with<observed>;

struct job {
    int number;
};

struct worker {
    void operator()(job j) {
        if (j.number == 13) {
            throw j.number;
        }
    }
    static constexpr drover::supervision supervision{};
};

int main() {
    app::runtime rt({.threads = 1, .on_failure = [](const drover::failure&) {}});
    const app::ref<worker> one = rt.spawn<worker>();
    for (int each = 0; each != 100; ++each) {
        one.tell(job{each});
    }
    rt.drain(std::chrono::seconds(10));

    std::uint64_t longest = 0;
    rt.visit_metrics(
        [&](const auto& part, auto) { longest = std::max(longest, part.template of<longest_run>().longest.read()); });
    const drover::metrics_snapshot counted = drover::take_metrics(rt);
    const auto* const workers = counted.of("worker");
    std::printf("%lu handled, %lu failed, %lu restarted, the longest run %lu\n", workers->handled, workers->failures,
                workers->restarts, longest);
    return workers->handled == 99 && workers->failures == 1 && workers->restarts == 1 && longest > 0 ? 0 : 1;
}
