// Supervision: an actor that fails is restarted from the arguments of its spawn, after a delay that grows; one that
// fails for good escalates to its parent, which starts anew with all its children.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

std::atomic<int> connections{0};

struct line_lost : std::runtime_error {
    line_lost() : std::runtime_error("line lost") {}
};
struct wrong_password : std::runtime_error {
    wrong_password() : std::runtime_error("wrong password") {}
};

struct query {
    std::string text;
};
struct cut {};               // the line breaks
struct password_changed {};  // the password changes
struct connection {};

// Holds a connection, which is as good as its state: when it is lost, a new state has a new one.
struct database {
    static constexpr drover::supervision supervision{
        .limit = {.count = 5, .within = 60s},
        .beyond = drover::directive::escalate,
        .backoff = {.first = 20ms, .most = 1s},
    };
    static drover::directive on_failure(const std::exception_ptr& exception) {
        try {
            std::rethrow_exception(exception);
        } catch (const wrong_password&) {
            return drover::directive::escalate;  // trying again will not help
        } catch (...) {
            return drover::directive::restart;
        }
    }

    explicit database(std::string address) : address_(std::move(address)), number_(++connections) {
        std::printf("connection %d to %s\n", number_, address_.c_str());
    }
    void restarting(const std::exception_ptr& cause) {  // the old state's last word
        std::printf("connection %d ends: %s\n", number_, drover::describe(cause).c_str());
    }
    std::string operator()(const query& q) const { return q.text + " by connection " + std::to_string(number_); }
    void operator()(cut) { throw line_lost(); }
    void operator()(password_changed) { throw wrong_password(); }

    std::string address_;
    int number_;
};

// Its children are part of its state: a restart stops them, and `started` spawns new ones.
struct service {
    void started(drover::context& me) {
        rows_ = me.spawn<database>(drover::spawn_options{.name = "rows"}, "db.example:5432");
    }
    drover::ref<database> operator()(connection) const { return rows_; }
    drover::ref<database> rows_;
};

int main() {
    std::atomic<int> failures{0};
    drover::runtime rt({
        .on_dead_letter = [](const drover::dead_letter&) {},  // the messages that failed
        .on_failure = [&](const drover::failure&) { failures += 1; },
    });
    const auto root = rt.spawn<service>(drover::supervised{.options = {.name = "service"}});

    const auto rows = root.ask(connection{}).get();
    const std::string first = rows.ask(query{"one"}).get();
    rows.tell(cut{});
    const std::string second =
        rows.ask(query{"two"}).get();  // it waits in the mailbox until there is a connection again
    std::printf("%s, %s\n", first.c_str(), second.c_str());

    rows.tell(password_changed{});  // goes up: the service starts anew
    while (!rows.stopped()) {
        rows.ask(query{"three"}).result();
    }
    drover::ref<database> fresh = root.ask(connection{}).get();
    while (fresh == rows) {
        fresh = root.ask(connection{}).get();
    }
    const std::string last = fresh.ask(query{"four"}).get();
    std::printf("%s\n", last.c_str());
    return first == "one by connection 1" && second == "two by connection 2" && last == "four by connection 3" &&
                   failures == 2
               ? 0
               : 1;
}
