#include <drover/scheduling/runnable.hpp>

#include <catch2/catch.hpp>

TEST_CASE("a run_chain links what is appended, whatever its links were") {
    drover::runnable a(nullptr);
    drover::runnable b(nullptr);
    b.next_runnable = &a;
    drover::run_chain chain;
    CHECK(chain.first == nullptr);
    chain.append(&a);
    CHECK(chain.first == &a);
    CHECK(chain.last == &a);
    chain.append(&b);
    CHECK(chain.first == &a);
    CHECK(a.next_runnable == &b);
    CHECK(b.next_runnable == nullptr);
    CHECK(chain.last == &b);
}
