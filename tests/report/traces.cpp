// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
/// Writes the trace of a real run on two workers for tests/report/check_trace.py, which reads it by the rules:
///     traces FILE.json
/// In it: tells, asks that are continued and awaited, a pool, a topic, a message for later and repeated ones, names
/// that want escaping, rings that have been written over, and a handler that still runs.
#include <drover/drover.hpp>
#include <drover/report.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>

namespace {

using namespace std::chrono_literals;

struct traced : drover::features {
    using tracing = drover::flight_tracing<drover::sample_all, 1024>;
};
using app = drover::with<traced>;

template <char C>
struct sign {  // as a type's name: sign<'"'>, sign<'\\'>
    int n = 0;
};
struct price {
    int cents;
};
struct wait_here {
    std::promise<void>* begun;
    std::shared_future<void> over;
};

struct shop {
    int operator()(price p) const { return p.cents; }
    void operator()(sign<'"'>) const {}
    void operator()(sign<'\\'>) const {}
    void operator()(const wait_here& w) const {
        w.begun->set_value();
        w.over.wait();
    }
};

struct ask_around {};

struct broker {
    drover::task<int> operator()(ask_around) {
        auto first = near.ask(price{1});
        const int one = co_await first;
        co_await drover::sleep_for(1ms);
        auto second = far.ask(price{2});
        co_return one + co_await second;
    }
    app::ref<shop> near;
    app::ref<shop> far;
};

struct begin {
    std::promise<int>* done;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: traces FILE.json\n");
        return 2;
    }
    app::runtime rt({.threads = 2, .name = "traced"});
    const auto near = rt.spawn<shop>();
    const auto far = rt.spawn<shop>();
    const auto middle = rt.spawn<broker>(near, far);
    const auto shops = drover::spawn_pool<shop>(rt, drover::pool_options<drover::round_robin>{.members = 2});
    const app::topic<price> market(rt);
    market.subscribe(near);
    market.subscribe(far);

    // Many more than the rings hold, and then the run that is looked for.
    for (int each = 0; each != 2'000; ++each) {
        near.tell(price{each});
    }
    near.ask(price{0}).get();

    std::promise<int> done;
    const auto desk = rt.spawn([&](begin b, app::context& me) {
        near.tell(sign<'"'>{});
        far.tell(sign<'\\'>{});
        shops.tell(price{3});
        market.publish(price{4});
        near.tell_after(1ms, price{5});
        middle.ask(ask_around{}).then(me, [b](const auto& sum) { b.done->set_value(sum ? *sum : -1); });
    });
    {
        const drover::trace_scope scope(
            drover::parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").value());
        desk.tell(begin{&done});
    }
    const int sum = done.get_future().get();
    std::promise<void> begun;
    std::promise<void> over;
    near.tell(wait_here{&begun, over.get_future().share()});
    begun.get_future().wait();
    drover::write_chrome_trace(argv[1]);
    over.set_value();
    return sum == 3 ? 0 : 1;
}
