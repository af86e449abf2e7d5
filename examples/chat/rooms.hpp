// The actors of a chat: rooms that publish, and users that listen.
//
//            say, enter, leave                line
//   script ───────────────────▸ room ──topic────────▸ user, user, user
//          ─────────────────────────whisper─────────▸ user
//
// Everybody is found by name: rooms/<name> and users/<name>.
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <deque>
#include <latch>
#include <string>
#include <utility>
#include <vector>

namespace chat {

/// What is said in a room. All who hear it share it.
struct line {
    std::string room;
    std::string from;
    std::string text;
};

/// To a user: for him alone.
struct whisper {
    std::string from;
    std::string text;
};

/// To a user: be busy from `inside` to `released`. What comes meanwhile waits in his mailbox while it has room.
struct busy {
    std::latch* inside;
    std::latch* released;
};

/// To a user: what he has read so far. The reply is a transcript.
struct transcript {};

class user;

/// To a room. Who enters is shown the last lines first.
struct enter {
    drover::ref<user> who;
};
struct leave {
    drover::ref<user> who;
};
struct say {
    std::string from;
    std::string text;
};
/// To a room: how many listen.
struct audience {};

/// Reads what the rooms say. A user who does not keep up loses the oldest lines, and delays nobody.
class user {
public:
    using mailbox = drover::bounded_mailbox<8, drover::drop_oldest>;

    void operator()(const line& heard) { read("[" + heard.room + "] " + heard.from + ": " + heard.text); }
    void operator()(whisper heard) { read(heard.from + " whispers: " + heard.text); }
    void operator()(busy work) {
        work.inside->count_down();
        work.released->wait();
    }
    std::vector<std::string> operator()(transcript) const { return read_; }

private:
    void read(std::string text) { read_.push_back(std::move(text)); }

    std::vector<std::string> read_;
};

/// A room says what it is told to all who listen, in one order for all. A listener that stops has left.
class room {
public:
    static constexpr std::size_t remembered = 3;

    room(std::string name, const drover::runtime& rt) : name_(std::move(name)), listeners_(rt) {}

    void operator()(enter one) {
        if (listeners_.subscribe(one.who)) {
            for (const line& past : past_) {
                one.who.tell(past);
            }
        }
    }
    void operator()(leave one) { listeners_.unsubscribe(one.who); }

    void operator()(say said) {
        line heard{name_, std::move(said.from), std::move(said.text)};
        past_.push_back(heard);
        if (past_.size() > remembered) {
            past_.pop_front();
        }
        listeners_.publish(std::move(heard));
    }

    std::size_t operator()(audience) const { return listeners_.subscribers(); }

private:
    std::string name_;
    drover::topic<line> listeners_;
    std::deque<line> past_;
};

}  // namespace chat
