#include <drover/base/thread_exit.hpp>

#include <atomic>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

namespace {

std::atomic<int> ended{0};
void count_end() noexcept {
    ended.fetch_add(1);
}
using counted_exit = drover::thread_exit<count_end>;

// What ran at the end of a thread, in order.
std::string order;
void write_end() noexcept {
    order += "function ";
}
struct at_end {
    bool used = false;
    ~at_end() {
        if (used) {
            order += "thread_local ";
            drover::thread_exit<write_end>::request();
        }
    }
};
thread_local at_end local;

int repeats = 0;
void repeat_end() noexcept {
    if (++repeats != 3) {
        drover::thread_exit<repeat_end>::request();
    }
}

std::atomic<int> early_ended{0};
void count_early() noexcept {
    early_ended.fetch_add(1);
}
// A global runtime starts and may end its threads before main; so does this.
const bool early = [] {
    std::thread([] { drover::thread_exit<count_early>::request(); }).join();
    return true;
}();

}  // namespace

TEST_CASE("the function runs once at the end of each thread that asked") {
    ended.store(0);
    std::thread([] {
        counted_exit::request();
        counted_exit::request();
    }).join();
    CHECK(ended.load() == 1);
    std::thread([] {}).join();
    CHECK(ended.load() == 1);
    std::thread([] { counted_exit::request(); }).join();
    CHECK(ended.load() == 2);
}

TEST_CASE("the function runs after the destructors of thread-locals, which may ask for it") {
    order.clear();
    std::thread([] { local.used = true; }).join();
    CHECK(order == "thread_local function ");
    order.clear();
    std::thread([] {
        local.used = true;
        drover::thread_exit<write_end>::request();
    }).join();
    CHECK(order == "thread_local function ");
}

TEST_CASE("a thread that asks again at its end is served again") {
    repeats = 0;
    std::thread([] { drover::thread_exit<repeat_end>::request(); }).join();
    CHECK(repeats == 3);
}

TEST_CASE("works while statics are made") {
    CHECK(early);
    CHECK(early_ended.load() == 1);
}
