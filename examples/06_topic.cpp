// A topic: whoever is interested subscribes, and the publisher knows nobody.
#include <cstddef>
#include <cstdio>
#include <string>

#include <drover/drover.hpp>

struct quote {
    std::string symbol;
    int cents;
};
struct report {};

struct ledger {
    void operator()(const quote& q) { total_ += q.cents; }  // by const reference: all share one message
    int operator()(report) const { return total_; }
    int total_ = 0;
};

struct alarm_clock {
    void operator()(const quote& q) {
        std::printf("%s at %d\n", q.symbol.c_str(), q.cents);
        rung_ += 1;
    }
    int operator()(report) const { return rung_; }
    int rung_ = 0;
};

int main() {
    drover::runtime rt;
    const drover::topic<quote> market(rt);

    const auto book = rt.spawn<ledger>();
    const auto alarm = rt.spawn<alarm_clock>();
    market.subscribe(book);
    market.subscribe(alarm, [](const quote& q) { return q.cents > 1000; });  // in the publisher's thread

    std::size_t given = 0;
    for (const int cents : {900, 1100, 1200}) {
        given += market.publish(quote{"DRV", cents});
    }
    market.unsubscribe(alarm);  // a subscriber that stops is unsubscribed by itself
    given += market.publish(quote{"DRV", 1300});

    const int total = book.ask(report{}).get();
    const int rung = alarm.ask(report{}).get();
    std::printf("%zu deliveries, %d alarms, sum %d\n", given, rung, total);
    return given == 6 && rung == 2 && total == 4500 ? 0 : 1;
}
