// Asking: errors as values, time limits, answers that are given later, and asking from inside an actor, where waiting
// is refused because it could stop every thread.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

struct fraction {
    int dividend;
    int divisor;
};

struct calculator {
    int operator()(fraction f) const {
        if (f.divisor == 0) {
            throw std::domain_error("division by zero");  // the asker gets it, and this actor stops
        }
        return f.dividend / f.divisor;
    }
};

struct who_is_next {};
struct arrival {
    std::string name;
};

// Nobody may have come when the question does. The answer is promised, and given by another handler.
struct porter {
    drover::later<std::string> operator()(who_is_next, drover::context& me) {
        next_ = me.later<std::string>();
        return {};
    }
    void operator()(arrival one) { next_.set(std::move(one.name)); }

    drover::promise<std::string> next_;
};

struct average {
    int sum;
    int count;
};

// An actor does not wait for another one: `then` says what to do when the reply is there, and other messages go on.
struct clerk {
    drover::later<std::string> operator()(average a, drover::context& me) {
        auto promise = me.later<std::string>();
        calculator_.ask(fraction{a.sum, a.count}).then(me, [promise = std::move(promise)](auto result) mutable {
            promise.set(result ? "the average is " + std::to_string(result.value()) : "there is no average");
        });
        return {};
    }

    drover::ref<calculator> calculator_;
};

int main() {
    // The sinks hear of whatever goes wrong. Here the asker knows it already, and they need not print it.
    drover::runtime rt(
        {.on_dead_letter = [](const drover::dead_letter&) {}, .on_failure = [](const drover::failure&) {}});

    const auto doorman = rt.spawn<porter>();
    auto next = doorman.ask(who_is_next{});
    const bool nobody_yet = !next.get_for(10ms);  // gave up waiting, not the answer
    doorman.tell(arrival{"Ada"});
    const std::string name = next.get();
    std::printf("next is %s\n", name.c_str());

    const auto never = doorman.ask(who_is_next{}, 10ms).result();  // the question itself ends after 10 ms
    const bool late = !never && never.error().code == drover::ask_error::timeout;

    const auto divides = rt.spawn<calculator>();
    const auto answers = rt.spawn<clerk>(divides);
    const std::string text = answers.ask(average{84, 2}).get();
    std::printf("%s\n", text.c_str());

    auto failed = divides.ask(fraction{1, 0}).result();
    const bool threw = !failed && failed.error().code == drover::ask_error::handler_threw;
    auto after = divides.ask(fraction{1, 1}).result();
    const bool stopped = !after && after.error().code == drover::ask_error::actor_stopped;

    return nobody_yet && name == "Ada" && late && text == "the average is 42" && threw && stopped ? 0 : 1;
}
