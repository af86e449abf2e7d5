#include "crew.hpp"

#include "app.hpp"
#include "collector.hpp"
#include "screen.hpp"
#include "serve.hpp"
#include "team.hpp"
#include "walker.hpp"

#include <fmt/format.h>
#include <drover/report.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace census {
namespace {

/// The first failure of an actor: without it the others would wait for ever.
class failure_note {
public:
    explicit failure_note(const bell& done) : done_(&done) {}

    void take(const drover::failure& failed) {
        const std::lock_guard lock(mutex_);
        if (!text_) {
            text_ = fmt::format("the {} failed: {}", failed.actor, drover::describe(failed.exception));
        }
        done_->ring();
    }

    void throw_if_any() {
        const std::lock_guard lock(mutex_);
        if (text_) {
            throw std::runtime_error(*text_);
        }
    }

private:
    const bell* done_;
    std::mutex mutex_;
    std::optional<std::string> text_;
};

}  // namespace

findings run_crew(const options& wanted, interrupts& signals) {
    using namespace std::chrono_literals;
    const auto begin = std::chrono::steady_clock::now();
    const bool visible = can_draw();
    const bell done;
    failure_note failed(done);
    std::atomic<bool> halted{false};

    // A failure ends the run and is told in one sentence; the messages it leaves undelivered add nothing to that.
    app::runtime rt({.threads = wanted.threads,
                     .name = "census",
                     .on_dead_letter = [](const drover::dead_letter&) {},
                     .on_failure = [&failed](const drover::failure& one) { failed.take(one); }});
    const served_metrics served = wanted.metrics ? serve_metrics(rt, *wanted.metrics) : nullptr;
    sample_if_wanted::wanted = !wanted.trace.empty();
    const std::size_t threads = rt.thread_count();
    const auto display = rt.spawn<screen>(drover::spawn_options{.name = "screen"}, visible);
    const auto results = rt.spawn<collector>(drover::spawn_options{.name = "collector"}, threads, wanted.top, done);
    app::ref<surveyor> counting;  // before those that it runs ahead of
    if (visible) {
        counting = rt.spawn<surveyor>(drover::spawn_options{.name = "surveyor"}, wanted.directories, display);
    }
    const team parsers = make_team(rt, wanted.balance, {results, display, wanted.top, &halted});
    const auto source =
        rt.spawn<walker>(drover::spawn_options{.name = "walker"}, wanted.directories, parsers, results, display);

    const std::optional<std::chrono::milliseconds> patience = visible ? std::optional(100ms) : std::nullopt;
    for (bool waiting = true; waiting;) {
        switch (signals.wait(done, patience)) {
            case interrupts::woken::by_bell: waiting = false; break;
            case interrupts::woken::by_time: display.tell(tick{}); break;
            case interrupts::woken::by_interrupt:
                halted = true;
                source.tell(halt{});
                if (counting) {
                    counting.tell(halt{});
                }
        }
    }
    failed.throw_if_any();
    findings result = results.ask(take{}).get();
    counting.tell(halt{});  // to nobody, if nothing is drawn
    display.ask(curtain{}).get();
    result.threads = threads;
    result.interrupted = signals.seen();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    (void)rt.drain(1s);  // what is still on its way to the screen is no dead letter
    if (!wanted.trace.empty()) {
        try {
            drover::write_chrome_trace(std::filesystem::path(wanted.trace));
        } catch (const std::system_error& error) {
            throw std::runtime_error(error.what());
        }
    }
    return result;
}

}  // namespace census
