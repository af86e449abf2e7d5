// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <unordered_map>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::uint64_t dictionary_workers = 20;
inline constexpr std::uint64_t dictionary_write_percent = 10;
inline constexpr std::uint64_t dictionary_keys = 524'287;  // 2^31 / 4096, as Savina has it

struct dictionary_request {
    bool write;
    std::uint64_t key;
    std::uint64_t value;
};

/// A value that is written is its key modulo the number of keys, as are the first ones: so the sum of what a worker
/// reads, modulo that, does not depend on who else wrote before.
inline dictionary_request next_dictionary_request(random_numbers& random) {
    bool const write = random.below(100) < dictionary_write_percent;
    auto const key = random.below(dictionary_keys);
    return {write, key, write ? key + dictionary_keys * random.below(1'000) : 0};
}

inline std::unordered_map<std::uint64_t, std::uint64_t> full_dictionary() {
    std::unordered_map<std::uint64_t, std::uint64_t> entries(dictionary_keys);
    for (std::uint64_t key = 0; key < dictionary_keys; ++key) entries.emplace(key, key);
    return entries;
}

/// Sum of all keys asked for, when each worker has asked `each` times.
inline std::uint64_t dictionary_expected(std::uint64_t each) {
    std::uint64_t sum = 0;
    for (std::uint64_t worker = 0; worker < dictionary_workers; ++worker) {
        random_numbers random(worker);
        for (std::uint64_t i = 0; i < each; ++i) sum += next_dictionary_request(random).key;
    }
    return sum;
}

}  // namespace benches::shape
