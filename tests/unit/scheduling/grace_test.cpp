#include <drover/scheduling/grace.hpp>

#include <cstddef>
#include <vector>

#include <catch2/catch.hpp>

using drover::grace_period;
using drover::runnable;

namespace {

std::vector<runnable*> released;

void release(runnable* item) {
    released.push_back(item);
    item->next_runnable = item;  // as freed memory would be: nobody may read it any more
}

void release_noexcept(runnable* item) noexcept {
    release(item);
}

}  // namespace

TEST_CASE("a cell is released when every worker has been between two runs") {
    released.clear();
    runnable cell(nullptr);
    grace_period grace(2, release_noexcept);
    grace.pass(0);
    grace.pass(1);
    CHECK(grace.empty());
    grace.retire(&cell);
    CHECK_FALSE(grace.empty());
    grace.pass(0);
    grace.retire(nullptr);
    CHECK(released.empty());
    grace.pass(1);
    CHECK(released.empty());
    grace.retire(nullptr);
    CHECK(released == std::vector<runnable*>{&cell});
    CHECK(grace.empty());
}

TEST_CASE("a worker that sleeps or has not begun holds nothing back") {
    released.clear();
    runnable cells[2] = {runnable(nullptr), runnable(nullptr)};
    grace_period grace(2, release_noexcept);
    grace.retire(&cells[0]);
    CHECK(released == std::vector<runnable*>{&cells[0]});
    grace.pass(0);
    grace.retire(&cells[1]);
    CHECK(released.size() == 1);
    grace.leave(0);
    grace.retire(nullptr);
    CHECK(released.size() == 2);
}

TEST_CASE("batches are released in order, each in its own time, chains whole") {
    released.clear();
    runnable cells[4] = {runnable(nullptr), runnable(nullptr), runnable(nullptr), runnable(nullptr)};
    grace_period grace(1, release_noexcept);
    grace.pass(0);
    cells[0].next_runnable = &cells[1];
    grace.retire(&cells[0]);
    grace.pass(0);
    cells[2].next_runnable = &cells[3];
    grace.retire(&cells[2]);  // the first batch is due, this one is not
    CHECK(released == std::vector<runnable*>{&cells[0], &cells[1]});
    grace.pass(0);
    grace.retire(nullptr);
    CHECK(released == std::vector<runnable*>{&cells[0], &cells[1], &cells[2], &cells[3]});
}

TEST_CASE("the end of a grace period releases what is left") {
    released.clear();
    runnable cell(nullptr);
    {
        grace_period grace(1, release_noexcept);
        grace.pass(0);
        grace.retire(&cell);
        CHECK(released.empty());
    }
    CHECK(released == std::vector<runnable*>{&cell});
}
