#include <drover/features/with.hpp>

#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

#include "support/world.hpp"

namespace {

struct own : drover::features {};
using app = drover::with<own>;
using usual = drover::with<drover::features>;

struct pinger {
    app::ref<pinger> other{};
    int operator()(int n, app::context& c) {
        if (n > 0 && other) {
            other.ask(n - 1).then(c, [](const drover::expected<int, drover::ask_error>&) {});
        }
        return n;
    }
    void operator()(const app::ref<pinger>& to) { other = to; }
};

static_assert(std::is_same_v<usual::runtime, drover::runtime>);
static_assert(std::is_same_v<usual::context, drover::context>);
static_assert(std::is_same_v<usual::ref<int>, drover::ref<int>>);
static_assert(std::is_same_v<usual::recipient<int(int)>, drover::recipient<int(int)>>);
static_assert(std::is_same_v<usual::handle, drover::handle>);
static_assert(!std::is_convertible_v<app::ref<pinger>, drover::ref<pinger>>, "two bundles do not mix");
static_assert(!std::is_convertible_v<app::ref<pinger>, drover::recipient<int>>);

}  // namespace

TEST_CASE("with<F> names a whole application") {
    app::runtime rt({.threads = 2});
    app::ref<pinger> a = rt.spawn<pinger>();
    app::ref<pinger> b = rt.spawn<pinger>(a);
    a.tell(b);
    const app::recipient<int(int)> asked = a;
    const app::recipient<app::ref<pinger>> told = b;
    CHECK(told.tell(a) == drover::delivery::accepted);
    CHECK(asked.ask(3).get() == 3);
    const app::handle handle = a;
    CHECK(handle.id() == a.id());
    CHECK(rt.drain(std::chrono::hours(1)).complete);
}
