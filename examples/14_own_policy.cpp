// A balancing policy of one's own: members are used in the order in which they stand, and the next one only when those
// before it are busy. So spares stay idle, and their caches and connections cold, until there is need of them.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include <drover/drover.hpp>

/// The first member that has fewer than `enough` messages, queued and running; if all have as many, the last one.
struct spill_over {
    struct options {
        std::uint64_t enough = 8;
    };
    struct state {  // lives with the pool
        state(const options& chosen, std::uint64_t) : enough(chosen.enough) {}
        std::uint64_t enough;
    };
    using local = drover::keeps_nothing;                              // a thread's own, for what is random
    using table = std::vector<drover::load_candidate>;                // a new one when members change
    static constexpr drover::signals needs = drover::signals::depth;  // so that the pool measures loads

    // Without those whose weight is 0.
    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        return drover::load_candidates(members);
    }

    static drover::member_index pick(const table& from, state& pool, local&, drover::pick_key) noexcept {
        for (const drover::load_candidate& each : from) {
            if (each.load->read() < pool.enough) {
                return each.index;
            }
        }
        return from.empty() ? drover::no_member : from.back().index;
    }
};

static_assert(drover::balancing_policy<spill_over>);

struct order {};
struct report {};

struct clerk {
    void operator()(order) { served_ += 1; }
    int operator()(report) const { return served_; }
    int served_ = 0;
};

struct rush {
    int orders;
};

int main() {
    // One worker, so that no clerk serves while the rush is told.
    drover::runtime rt({.threads = 1});
    const auto clerks =
        drover::spawn_pool<clerk>(rt, drover::pool_options<spill_over>{.members = 3, .policy = {.enough = 5}});
    const auto door = rt.spawn([clerks](rush now) {
        for (int each = 0; each != now.orders; ++each) {
            clerks.tell(order{});
        }
        return now.orders;
    });

    std::vector<int> served;
    const auto look = [&] {
        served.clear();
        for (const auto& each : clerks.members()) {
            served.push_back(each.actor.ask(report{}).get());
            std::printf("%d ", served.back());
        }
        std::printf("\n");
        return served;
    };

    door.ask(rush{3}).get();
    const bool one_is_enough = look() == std::vector{3, 0, 0};
    door.ask(rush{8}).get();
    const bool one_helps = look() == std::vector{8, 3, 0};
    door.ask(rush{12}).get();
    const bool all_help = look() == std::vector{13, 8, 2};
    return one_is_enough && one_helps && all_help ? 0 : 1;
}
