// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/consistent_hash.hpp>

#include <cstdint>
#include <vector>

namespace benches::balancing {

/// For `consistent_hash`, though it is not consistent: the key modulo the number of members. What the others are for.
struct modulo_hash {
    using options = drover::no_options;

    class table {
    public:
        table(const std::vector<drover::hash_candidate>& members, const options&) {
            for (const drover::hash_candidate& each : members) {
                members_.push_back(each.index);
            }
        }

        drover::member_index find(std::uint64_t bits) const noexcept {
            return members_.empty() ? drover::no_member : members_[drover::mix_bits(bits, 0) % members_.size()];
        }

    private:
        std::vector<drover::member_index> members_;
    };
};

static_assert(drover::balancing_policy<drover::consistent_hash<modulo_hash>>);

}  // namespace benches::balancing
