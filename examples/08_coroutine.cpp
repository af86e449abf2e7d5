// Handlers that are coroutines: they wait for replies and for time as if that were blocking, and no thread waits.
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>

#include <drover/drover.hpp>

using namespace std::chrono_literals;

struct quote_of {
    std::string goods;
};

struct shop {
    drover::task<int> operator()(quote_of q) {
        co_await drover::sleep_for(length_);  // messages to this shop wait meanwhile, its worker does not
        co_return price_ + static_cast<int>(q.goods.size());
    }
    int price_;
    drover::clock_duration length_;
};

struct best_of {
    std::string goods;
};
struct first_of {
    std::string goods;
};

struct broker {
    // Both shops are asked before either has answered.
    drover::task<int> operator()(best_of b) {
        auto from_near = near_.ask(quote_of{b.goods});
        auto from_far = far_.ask(quote_of{b.goods});
        const auto [one, other] = co_await drover::when_all(std::move(from_near), std::move(from_far));
        co_return one < other ? one : other;
    }

    // Whoever is first; after a second nobody.
    drover::task<std::string> operator()(first_of f) {
        const auto first = co_await drover::when_any(quote("near", near_, f.goods), quote("far", far_, f.goods),
                                                     drover::sleep_for(1s));
        switch (first.index()) {
            case 0: co_return std::get<0>(first);
            case 1: co_return std::get<1>(first);
            default: co_return "nobody";
        }
    }

    // A part of a handler. Its exceptions come out where it is awaited.
    drover::task<std::string> quote(std::string name, drover::ref<shop> from, std::string goods) {
        auto reply = from.ask(quote_of{std::move(goods)});
        const int price = co_await reply;
        co_return name + " asks " + std::to_string(price);
    }

    drover::ref<shop> near_;
    drover::ref<shop> far_;
};

int main() {
    // The sinks hear of the broker that is late at the end; here they need not print it.
    drover::runtime rt(
        {.on_dead_letter = [](const drover::dead_letter&) {}, .on_failure = [](const drover::failure&) {}});
    const auto near = rt.spawn<shop>(10, 1ms);
    const auto far = rt.spawn<shop>(5, 1h);
    const auto one = rt.spawn<broker>(near, rt.spawn<shop>(7, 2ms));
    const int best = one.ask(best_of{"tea"}).get();
    std::printf("the best price is %d\n", best);

    const auto other = rt.spawn<broker>(near, far);
    const std::string first = other.ask(first_of{"tea"}).get();
    std::printf("%s\n", first.c_str());

    // The deadline of an ask is the deadline of what its handler asks: the broker's own ask has no more than 5 ms
    // either.
    const auto late = other.ask(best_of{"tea"}, 5ms).result();
    return best == 10 && first == "near asks 13" && !late ? 0 : 1;
}
