#include <drover/message/signal.hpp>

#include <catch2/catch.hpp>

namespace {

struct turn {
    int delivered = 0;
};
int refused = 0;

}  // namespace

TEST_CASE("a signal is delivered or refused through its record") {
    const drover::signal_operations<turn> record{[](drover::signal<turn>*, turn& here) { here.delivered += 1; },
                                                 [](drover::signal<turn>*) noexcept { refused += 1; }};
    drover::signal<turn> one(&record);
    CHECK(one.next == nullptr);
    turn here;
    one.operations->deliver(&one, here);
    one.operations->refuse(&one);
    CHECK(here.delivered == 1);
    CHECK(refused == 1);
}
