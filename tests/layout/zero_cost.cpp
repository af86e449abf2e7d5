// What zero_cost.py compiles: every path that has a hook, with the default features, which have none.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

namespace {

struct pong {
    int operator()(int x) const { return x + 1; }
};

struct ping {
    void operator()(int left, drover::context& me) {
        if (left > 0) {
            me.self<ping>().tell(left - 1);
        }
    }
};

struct limited {
    using mailbox = drover::bounded_mailbox<4, drover::drop_oldest>;
    void operator()(long) {}
};

struct by_batches {
    using batches = drover::of<int>;
    void operator()(std::span<int> some) { sum += some.size(); }
    std::size_t sum = 0;
};

struct fails {
    static constexpr drover::supervision supervision{};
    void started(drover::context&) {}
    void operator()(int n) {
        if (n % 2 == 0) {
            throw n;
        }
    }
};

struct asker {
    drover::ref<pong> to;
    int operator()(int n, drover::context& me) {
        to.ask(n, std::chrono::seconds(1)).then(me, [](auto&&) {});
        return n;
    }
};

// What a feature that is off must not change: a message's header, an actor of 32 bytes, what a handler is given.
struct of_32_bytes {
    std::byte state[32];
    void operator()(int) {}
};
static_assert(sizeof(drover::envelope_of<drover::features>) == 16);
static_assert(sizeof(drover::actor_cell<of_32_bytes, drover::features>) == 192);
static_assert(sizeof(drover::context) == 40);

using simulation = drover::simulated_runtime;

[[gnu::noinline]] long send_each(simulation& rt, int count) {
    const auto one = rt.spawn<pong>();
    const auto two = rt.spawn<ping>();
    two.tell(1000 * count);
    for (int n = 0; n != 100; ++n) {
        static_cast<void>(two.tell_after(std::chrono::milliseconds(n), 0));
    }
    rt.run_until_idle();
    const auto asks = rt.spawn<asker>(one);
    for (int n = 0; n != 100; ++n) {
        asks.tell(n);
    }
    rt.run_until_idle();
    return one.ask(count).get();
}

[[gnu::noinline]] void overflow_and_batch(simulation& rt, int count) {
    const auto full = rt.spawn<limited>();
    const auto many = rt.spawn<by_batches>();
    const std::vector<int> some(50, count);
    for (int n = 0; n != 100; ++n) {
        full.tell(long{n});
        many.tell_batch(some);
    }
    rt.run_until_idle();
}

[[gnu::noinline]] void fail_and_restart(simulation& rt) {
    const auto bad = rt.spawn<fails>();
    for (int n = 0; n != 100; ++n) {
        bad.tell(n);
    }
    rt.run_until_idle();
}

[[gnu::noinline]] void send_to_pool(simulation& rt) {
    const auto workers = drover::spawn_pool<pong>(rt, {.members = 3});
    for (int n = 0; n != 100; ++n) {
        workers.tell(n);
    }
    rt.run_until_idle();
}

[[gnu::noinline]] void send_by_name(simulation& rt) {
    const auto one = rt.spawn<pong>();
    drover::router<> names(rt.registry());
    rt.registry().add("one", one);
    for (int n = 0; n != 100; ++n) {
        names.tell<pong>("one", n);
    }
    rt.run_until_idle();
}

// The workers' code, which a simulation has not.
[[gnu::noinline]] void on_threads(int count) {
    drover::runtime threads;
    threads.spawn<ping>().tell(count);
}

}  // namespace

int main(int argc, char**) {
    drover::simulated_options options;
    options.on_failure = [](const drover::failure&) {};
    simulation rt(1, options);
    const long sum = send_each(rt, argc);
    overflow_and_batch(rt, argc);
    fail_and_restart(rt);
    send_to_pool(rt);
    send_by_name(rt);
    if (argc > 1) {
        on_threads(argc);
    }
    std::printf("%ld\n", sum);
}
