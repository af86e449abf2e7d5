// An actor with several behaviours: each a class with the state and the handlers of one situation.
#include <atomic>
#include <cstdio>
#include <string>
#include <utility>

#include <drover/drover.hpp>

struct connected {
    std::string to;
};
struct hung_up {};
struct say {
    std::string words;
};
struct status {};

struct waiting;
struct talking;
using phone = drover::behaviours<waiting, talking>;  // begins by waiting

struct waiting {
    void operator()(connected call, drover::context& me);
    void operator()(say early, drover::context& me) { unsaid_.put(std::move(early), me); }  // until somebody listens
    std::string operator()(status) const { return "waiting"; }

    drover::stash<phone, 16> unsaid_{};
};

struct talking {
    explicit talking(std::string to) : to_(std::move(to)) {}

    void entered(drover::context&) { std::printf("talks to %s\n", to_.c_str()); }
    void operator()(const say& one) {
        std::printf("  %s\n", one.words.c_str());
        said_ += 1;
    }
    void operator()(hung_up, drover::context& me) { drover::become<waiting>(me); }
    std::string operator()(status) const { return std::to_string(said_) + " said to " + to_; }

    std::string to_;
    int said_ = 0;
};

void waiting::operator()(connected call, drover::context& me) {
    unsaid_.replay(me);
    drover::become<talking>(me, std::move(call.to));  // in force when this handler has returned
}

int main() {
    std::atomic<int> unhandled{0};
    drover::runtime rt({.on_dead_letter = [&unhandled](const drover::dead_letter& letter) {
        unhandled += letter.reason == drover::dead_letter_reason::unhandled ? 1 : 0;
    }});

    const drover::ref<phone> line = rt.spawn<phone>();
    line.tell(hung_up{});  // it does not talk: this message has no handler now
    line.tell(say{"hello?"});
    const std::string before = line.ask(status{}).get();
    line.tell(connected{"Ada"});
    line.tell(say{"how are you?"});
    const std::string during = line.ask(status{}).get();
    line.tell(hung_up{});
    const std::string after = line.ask(status{}).get();

    std::printf("%s; %s; %s\n", before.c_str(), during.c_str(), after.c_str());
    return before == "waiting" && during == "2 said to Ada" && after == "waiting" && unhandled == 1 ? 0 : 1;
}
