// A tree declared in a few lines: who there is, what each is given, and who is restarted with whom.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include <drover/drover.hpp>

using drover::child;
using drover::child_at;
using drover::children;
using drover::sibling;
using drover::strategy;
using drover::supervised;

struct order {
    std::string symbol;
    int amount;
};
struct passed {};

// The positions of one account.
struct book {
    int operator()(const order& o) { return sum += o.amount; }
    int sum;
};

// Checks orders of one market, and passes them on.
struct gateway {
    int operator()(order o) {
        if (o.amount == 0) {
            throw std::invalid_argument("an order of nothing");
        }
        to.tell(std::move(o));
        return ++count;
    }
    int operator()(passed) const { return count; }
    drover::ref<book> to;
    std::string market;
    int count = 0;
};

int main() {
    drover::runtime rt({.on_dead_letter = [](const drover::dead_letter&) {},  // the order that fails
                        .on_failure = [](const drover::failure&) {}});

    const auto desk = rt.spawn(supervised{.plan = {.children = strategy::rest_for_one}, .options = {.name = "desk"}},
                               children(child<book>({.options = {.name = "book"}}, 1000),
                                        child<gateway>({.options = {.name = "north"}}, sibling<0>, "north"),
                                        child<gateway>({.options = {.name = "south"}}, sibling<0>, "south")));

    const auto positions = desk.ask(child_at<0>{}).get();
    const auto north = desk.ask(child_at<1>{}).get();
    const auto south = desk.ask(child_at<2>{}).get();
    std::printf("%s", to_text(rt.tree()).c_str());

    north.ask(order{"ABC", 5}).get();
    south.ask(order{"XYZ", 7}).get();
    const bool refused = !north.ask(order{"ABC", 0}).result();  // north starts anew, and south with it; the book stays
    while (south.ask(passed{}).get() != 0) {}
    const int first_again = north.ask(order{"ABC", 1}).get();
    const int sum = positions.ask(order{"", 0}).get();
    std::printf("the gateways count from %d again, the book has %d\n", first_again, sum);
    return refused && first_again == 1 && sum == 1013 ? 0 : 1;
}
