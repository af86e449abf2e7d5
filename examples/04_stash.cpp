// A stash: messages that come too early are kept, and handled in order when their time has come.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <drover/drover.hpp>

struct entry {
    std::string text;
};
struct opened {};
struct contents {};

// A journal takes entries at any time, but cannot write before its file is open.
struct journal {
    void operator()(entry e, drover::context& me) {
        if (open_) {
            lines_.push_back(std::move(e.text));
        } else if (early_.put(std::move(e), me) == drover::delivery::rejected_full) {
            lost_ += 1;  // and a dead letter: nothing gets lost unseen
        }
    }
    void operator()(opened, drover::context& me) {
        open_ = true;
        early_.replay(me);  // when this handler has returned, before anything else
    }
    std::vector<std::string> operator()(contents) const { return lines_; }
    int operator()(int) const { return lost_; }

    drover::stash<journal, 3> early_{};
    std::vector<std::string> lines_{};
    bool open_ = false;
    int lost_ = 0;
};

int main() {
    drover::runtime rt({.on_dead_letter = [](const drover::dead_letter& letter) {
        std::printf("%s was full\n", std::string(letter.actor).c_str());
    }});

    const auto book = rt.spawn<journal>(drover::spawn_options{.name = "the stash"});
    for (const char* each : {"one", "two", "three", "four"}) {
        book.tell(entry{each});
    }
    book.tell(opened{});
    book.tell(entry{"five"});

    const std::vector<std::string> lines = book.ask(contents{}).get();
    for (const std::string& each : lines) {
        std::printf("%s\n", each.c_str());
    }
    return lines == std::vector<std::string>{"one", "two", "three", "five"} && book.ask(0).get() == 1 ? 0 : 1;
}
