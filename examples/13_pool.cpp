// A pool: workers that share what they are sent, by weight. They come and go, one fails and is restarted, and the
// senders notice nothing.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <drover/drover.hpp>

struct page {
    std::string text;
};
struct use_font {
    std::string name;
};

// Answers with the number of its member, and what it did it with.
struct printer {
    void started(drover::context& me) { name_ = me.self().name(); }

    std::string operator()(const page& given) const {
        if (given.text.empty()) {
            throw std::invalid_argument("an empty page");
        }
        return name_ + " in " + font_;
    }
    void operator()(const use_font& now) { font_ = now.name; }

    std::string name_;
    std::string font_ = "plain";
};

// How many of `pages` each of printer/0, printer/1 and printer/2 prints.
std::array<int, 3> print(const drover::pool<printer>& printers, int pages) {
    std::array<int, 3> done{};
    for (int each = 0; each != pages; ++each) {
        const std::string by = printers.ask(page{"text"}).get();
        done.at(static_cast<std::size_t>(by.at(std::string("printer/").size()) - '0')) += 1;
    }
    std::printf("%d %d %d\n", done[0], done[1], done[2]);
    return done;
}

int main() {
    drover::runtime rt({.on_dead_letter = [](const drover::dead_letter&) {},  // the page that fails
                        .on_failure = [](const drover::failure&) {}});

    // weighted_round_robin, unless a policy is named; the first has twice the weight of the second
    const auto printers = drover::spawn_pool<printer>(
        rt, drover::pool_options<drover::weighted_round_robin>{.members = 2, .weights = {2, 1}, .name = "printer"});
    const bool two_to_one = print(printers, 6) == std::array{4, 2, 0};

    // Members come, ...
    const drover::ref<printer> third = printers.add(3).get();
    const bool three_share = print(printers, 12) == std::array{4, 2, 6};

    // ... take nothing new, ...
    printers.set_weight(third, 0).get();
    const bool two_again = print(printers, 6) == std::array{4, 2, 0};

    // ... and go, when they have handled what they have. When the answer is there no message goes to it any more.
    printers.drain(third).get();
    const bool gone = printers.size() == 2 && print(printers, 3) == std::array{2, 1, 0};

    // One that fails is restarted, with its ref and its mailbox; pages that come meanwhile wait or go to the other.
    printers.broadcast(use_font{"bold"});
    const bool failed = !printers.ask(page{""}).result();
    std::vector<std::string> after;
    for (int each = 0; each != 3; ++each) {
        after.push_back(printers.ask(page{"text"}).get());
        std::printf("%s\n", after.back().c_str());
    }
    const auto plain = [](const std::string& by) { return by.ends_with("plain"); };
    const bool one_new_state = std::any_of(after.begin(), after.end(), plain) &&
                               !std::all_of(after.begin(), after.end(), plain) && printers.size() == 2;

    printers.stop_when_drained();  // the pool is an actor: its members stop, then it
    return two_to_one && three_share && two_again && gone && failed && one_new_state ? 0 : 1;
}
