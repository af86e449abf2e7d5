// Children: an actor spawns others, gathers their answers, and takes them with it when it stops; the runtime drains,
// and says what could not be delivered.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

std::atomic<int> goodbyes{0};

struct range {
    long first;
    long last;
};

// Adds up the primes of a range the slow way.
struct summer {
    long operator()(range r) const {
        long sum = 0;
        for (long n = r.first; n < r.last; ++n) {
            bool prime = n > 1;
            for (long d = 2; d * d <= n && prime; ++d) {
                prime = n % d != 0;
            }
            sum += prime ? n : 0;
        }
        return sum;
    }
    void stopped(drover::stop_reason why) const {  // called when it ends, if there is such a member
        goodbyes += why.kind() == drover::stop_kind::parent_stopped ? 1 : 0;
    }
};

// Splits a range among its children, who work side by side.
struct splitter {
    static constexpr int parts = 4;

    void started(drover::context& me) {  // before the first message, on a worker
        for (int part = 0; part != parts; ++part) {
            children_.push_back(me.spawn<summer>(drover::spawn_options{.name = "summer " + std::to_string(part)}));
        }
    }

    drover::later<long> operator()(range all, drover::context& me) {
        sum_ = 0;
        missing_ = parts;
        promise_ = me.later<long>();
        const long step = (all.last - all.first) / parts;
        for (int part = 0; part != parts; ++part) {
            const long first = all.first + part * step;
            const long last = part + 1 == parts ? all.last : first + step;
            children_[static_cast<std::size_t>(part)].ask(range{first, last}).then(me, [this](auto result) {
                sum_ += result ? result.value() : 0;
                missing_ -= 1;
                if (missing_ == 0) {
                    promise_.set(sum_);
                }
            });
        }
        return {};
    }

    std::vector<drover::ref<summer>> children_;
    drover::promise<long> promise_;
    long sum_ = 0;
    int missing_ = 0;
};

int main() {
    std::atomic<int> undelivered{0};
    drover::runtime rt({.on_dead_letter = [&undelivered](const drover::dead_letter& letter) {
        std::printf("not delivered to %s: %s\n", std::string(letter.actor).c_str(),
                    std::string(to_string(letter.reason)).c_str());
        undelivered += 1;
    }});

    const auto root = rt.spawn<splitter>(drover::spawn_options{.name = "splitter"});
    const long sum = root.ask(range{0, 100'000}).get();
    std::printf("the primes below 100 000 add up to %ld\n", sum);

    root.stop_when_drained();  // its children stop before it
    while (!root.stopped()) {
        std::this_thread::sleep_for(1ms);
    }
    const drover::delivery late =
        root.tell(range{0, 1});  // a ref stays safe for ever; it only says what became of the message

    const drover::drain_result drained = rt.drain(5s);  // everything that was sent has been handled
    for (const drover::straggler& one : drained.stragglers) {
        std::printf("%s still has %zu messages: %s\n", one.name.c_str(), one.count, one.waiting_for.c_str());
    }
    return sum == 454396537 && late == drover::delivery::stopped && undelivered == 1 && goodbyes == splitter::parts &&
                   drained.complete
               ? 0
               : 1;
}
