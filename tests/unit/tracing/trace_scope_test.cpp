#include <drover/tracing/trace_scope.hpp>

#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace {

constexpr drover::trace_context one{{1, 2}, drover::span_id{3}, 1};
constexpr drover::trace_context other{{4, 5}, drover::span_id{6}, 0};

}  // namespace

TEST_CASE("a thread is in the trace of the innermost scope, and in none outside") {
    CHECK(drover::current_trace().empty());
    {
        const drover::trace_scope scope(one);
        CHECK(drover::current_trace() == one);
        {
            const drover::trace_scope inner(other);
            CHECK(drover::current_trace() == other);
            const drover::trace_scope none(drover::trace_context{});
            CHECK(drover::current_trace().empty());
        }
        CHECK(drover::current_trace() == one);
        std::thread([] { CHECK(drover::current_trace().empty()); }).join();
    }
    CHECK(drover::current_trace().empty());
}

TEST_CASE("what is kept of a scope is that its ids are not of here, and nobody is told") {
    const drover::trace_scope scope(one);
    CHECK((drover::detail::this_trace_thread.current->flags & drover::trace_context::foreign_flag) != 0);
    CHECK(drover::current_trace().flags == 1);
}

TEST_CASE("ids do not come twice, in one thread or in several") {
    std::vector<std::vector<std::uint64_t>> all(4);
    for (auto& mine : all) {
        std::thread([&] {
            for (int each = 0; each != 10'000; ++each) {
                mine.push_back(to_integer(drover::detail::next_span()));
            }
            CHECK(drover::detail::next_trace() != drover::detail::next_trace());
        }).join();
    }
    std::set<std::uint64_t> different;
    for (const auto& mine : all) {
        different.insert(mine.begin(), mine.end());
    }
    CHECK(different.size() == 40'000);
    CHECK_FALSE(different.contains(0));
}

TEST_CASE("the one step that would give 0 gives another id") {
    std::thread([] {
        drover::detail::this_trace_thread.last_id = std::uint64_t{0} - 0x9e37'79b9'7f4a'7c15U;
        CHECK(drover::detail::next_span() == drover::span_id{1});
        CHECK(drover::detail::next_span() != drover::span_id{1});
    }).join();
}
