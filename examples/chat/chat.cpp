// A chat server's rooms, in process, driven by a script: one command a line. Lines that begin with `expect` are
// checked; the first that does not hold ends the program with status 1.
//
//   join ROOM USER           USER listens to ROOM; both are made when they are first named
//   leave ROOM USER
//   say ROOM USER TEXT…
//   whisper FROM TO TEXT…    to nobody, if there is no such user
//   quit USER                the actor stops, and has left all rooms
//   lag USER COUNT TEXT…     a user who reads nothing while COUNT lines are said in his own room
//   rooms                    prints the names of the rooms
//   expect USER TEXT…        the last line that USER has read
//   expect-read USER COUNT   how many lines he has read
//   expect-audience ROOM COUNT
//   expect-nobody NAME       nobody holds this name
#include "rooms.hpp"

#include <drover/drover.hpp>

#include <cstdio>
#include <fstream>
#include <latch>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace chat {

class server {
public:
    void run(std::istream& script) {
        std::string text;
        for (number_ = 1; std::getline(script, text); ++number_) {
            if (!text.empty() && text.front() != '#') {
                std::istringstream words(text);
                command(words);
            }
        }
    }

    std::size_t line_number() const noexcept { return number_; }

private:
    void command(std::istringstream& words) {
        const std::string what = word(words);
        if (what == "join") {
            const std::string where = word(words);
            room_of(where).tell(enter{user_of(word(words))});
            settle(where);
        } else if (what == "leave") {
            const std::string where = word(words);
            room_of(where).tell(leave{user_of(word(words))});
            settle(where);
        } else if (what == "say") {
            const std::string where = word(words);
            const std::string from = word(words);
            routes_.tell<room>("rooms/" + where, say{from, rest(words)});
            settle(where);
        } else if (what == "whisper") {
            const std::string from = word(words);
            const std::string to = word(words);
            const drover::delivery sent = routes_.tell<user>("users/" + to, whisper{from, rest(words)});
            std::printf("%s whispers to %s: %s\n", from.c_str(), to.c_str(), to_string(sent).data());
        } else if (what == "quit") {
            const drover::ref<user> gone = user_of(word(words));
            const std::string name(gone.name());
            gone.stop();
            while (rt_.registry().find("users/" + name)) {
                std::this_thread::yield();
            }
        } else if (what == "lag") {
            lag(words);
        } else if (what == "rooms") {
            for (const std::string& name : rt_.registry().names("rooms")) {
                std::printf("%s\n", name.c_str());
            }
        } else if (what == "expect") {
            const std::vector<std::string> read = user_of(word(words)).ask(transcript{}).get();
            equal(read.empty() ? "" : read.back(), rest(words));
        } else if (what == "expect-read") {
            const std::vector<std::string> read = user_of(word(words)).ask(transcript{}).get();
            equal(std::to_string(read.size()), rest(words));
        } else if (what == "expect-audience") {
            const std::size_t listeners = routes_.ask<room>("rooms/" + word(words), audience{}).get();
            equal(std::to_string(listeners), rest(words));
        } else if (what == "expect-nobody") {
            equal(rt_.registry().find(word(words)) ? "somebody" : "nobody", "nobody");
        } else {
            throw std::runtime_error("there is no command '" + what + "'");
        }
    }

    // A user in the middle of something long: his mailbox keeps what it has room for, and the room does not wait for
    // him.
    void lag(std::istringstream& words) {
        const drover::ref<user> slow = user_of(word(words));
        const int count = std::stoi(word(words));
        const std::string said = rest(words);
        const std::string where = std::string(slow.name()) + "-den";
        room_of(where).tell(enter{slow});
        std::latch inside(1);
        std::latch released(1);
        slow.tell(busy{&inside, &released});
        inside.wait();
        for (int each = 1; each <= count; ++each) {
            routes_.tell<room>("rooms/" + where, say{"echo", said + " " + std::to_string(each)});
        }
        settle(where);
        auto read = slow.ask(transcript{});  // takes a place like any message: one more of the oldest lines is gone
        released.count_down();
        static_cast<void>(read.get());
    }

    drover::ref<user> user_of(const std::string& name) { return named<user>("users/" + name, name); }
    drover::ref<room> room_of(const std::string& name) { return named<room>("rooms/" + name, name, name, rt_); }

    template <class A, class... Arguments>
    drover::ref<A> named(const std::string& address, const std::string& name, const Arguments&... arguments) {
        if (const auto found = rt_.registry().lookup<A>(address)) {
            return *found;
        }
        const drover::ref<A> fresh = rt_.spawn<A>(drover::spawn_options{.name = name}, arguments...);
        rt_.registry().add(address, fresh);
        return fresh;
    }

    // Until the room has said all it was told: a reply comes after the messages before it.
    void settle(const std::string& where) { routes_.ask<room>("rooms/" + where, audience{}).get(); }

    static std::string word(std::istringstream& words) {
        std::string next;
        if (!(words >> next)) {
            throw std::runtime_error("the command wants another word");
        }
        return next;
    }

    static std::string rest(std::istringstream& words) {
        std::string text;
        std::getline(words >> std::ws, text);
        return text;
    }

    static void equal(const std::string& got, const std::string& wanted) {
        if (got != wanted) {
            throw std::runtime_error("it is '" + got + "', not '" + wanted + "'");
        }
    }

    drover::runtime rt_{{.name = "chat"}};
    drover::router<> routes_{rt_.registry()};
    std::size_t number_ = 0;
};

}  // namespace chat

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: chat SCRIPT\n");
        return 2;
    }
    std::ifstream script(arguments[1]);
    if (!script) {
        std::fprintf(stderr, "chat: %s cannot be read; name a script, such as examples/chat/evening.txt\n",
                     arguments[1]);
        return 2;
    }
    chat::server server;
    try {
        server.run(script);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "chat: line %zu: %s\n", server.line_number(), error.what());
        return 1;
    }
    std::printf("%zu lines played\n", server.line_number() - 1);
    return 0;
}
