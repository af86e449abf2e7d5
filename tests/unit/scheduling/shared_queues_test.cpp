#include <drover/scheduling/shared_queues.hpp>

#include <deque>
#include <vector>

#include <catch2/catch.hpp>

using namespace drover;

namespace {

std::deque<runnable> make(std::size_t count) {
    std::deque<runnable> items;
    while (items.size() != count) {
        items.emplace_back(nullptr);
    }
    return items;
}

std::vector<runnable*> walk(runnable* first) {
    std::vector<runnable*> found;
    for (; first != nullptr; first = first->next_runnable) {
        found.push_back(first);
    }
    return found;
}

std::vector<runnable*> addresses(std::deque<runnable>& items, std::size_t from, std::size_t to) {
    std::vector<runnable*> all;
    for (std::size_t each = from; each != to; ++each) {
        all.push_back(&items[each]);
    }
    return all;
}

}  // namespace

TEST_CASE("an injector gives all at once, oldest first") {
    injector queue;
    std::deque<runnable> items = make(5);
    CHECK(queue.empty());
    CHECK(queue.take_all() == nullptr);
    for (runnable& each : items) {
        queue.push(&each);
        CHECK_FALSE(queue.empty());
    }
    CHECK(walk(queue.take_all()) == addresses(items, 0, 5));
    CHECK(queue.empty());
    queue.push(&items[0]);
    CHECK(walk(queue.take_all()) == addresses(items, 0, 1));
}

TEST_CASE("an overflow list gives in order, at most what is asked for") {
    overflow_list list;
    std::deque<runnable> items = make(7);
    CHECK(list.empty());
    CHECK(list.take(3) == nullptr);
    run_chain first;
    run_chain second;
    for (std::size_t each = 0; each != items.size(); ++each) {
        (each < 4 ? first : second).append(&items[each]);
    }
    list.push(first);
    list.push(second);
    CHECK_FALSE(list.empty());
    CHECK(walk(list.take(3)) == addresses(items, 0, 3));
    CHECK(walk(list.take(1)) == addresses(items, 3, 4));
    CHECK_FALSE(list.empty());
    CHECK(walk(list.take(100)) == addresses(items, 4, 7));
    CHECK(list.empty());
    CHECK(list.take(1) == nullptr);
}

TEST_CASE("an overflow list that was emptied fills again") {
    overflow_list list;
    std::deque<runnable> items = make(2);
    for (int round = 0; round != 3; ++round) {
        run_chain chain;
        chain.append(&items[0]);
        chain.append(&items[1]);
        list.push(chain);
        CHECK(walk(list.take(2)) == addresses(items, 0, 2));
        CHECK(list.empty());
    }
}
