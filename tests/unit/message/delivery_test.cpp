#include <drover/message/delivery.hpp>

#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

TEST_CASE("every delivery has a name, and three of them mean that the message is on its way") {
    using drover::delivery;
    constexpr std::pair<delivery, std::string_view> all[] = {
        {delivery::accepted, "accepted"},
        {delivery::accepted_above_high_water, "accepted_above_high_water"},
        {delivery::deferred, "deferred"},
        {delivery::rejected_full, "rejected_full"},
        {delivery::dropped, "dropped"},
        {delivery::timed_out, "timed_out"},
        {delivery::would_deadlock, "would_deadlock"},
        {delivery::no_target, "no_target"},
        {delivery::stopped, "stopped"},
    };
    for (const auto& [value, name] : all) {
        CHECK(to_string(value) == name);
        CHECK(is_accepted(value) == (value <= delivery::deferred));
    }
    CHECK(to_string(static_cast<delivery>(99)) == "unknown");
}
