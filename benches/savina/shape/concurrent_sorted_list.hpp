// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <memory_resource>
#include <unordered_set>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::uint64_t list_workers = 20;
inline constexpr std::uint64_t list_size_percent = 1;
inline constexpr std::uint64_t list_add_percent = 10;

/// A singly linked list in ascending order; what it does takes steps in the number of values. None is ever removed, so
/// it takes its memory in large pieces: then a node is half as large, and a cache holds more of them.
class sorted_list {
public:
    void add(std::uint64_t value) {
        auto before = values_.before_begin();
        for (auto next = values_.begin(); next != values_.end() && *next <= value; ++next) before = next;
        values_.insert_after(before, value);
    }
    [[nodiscard]] bool contains(std::uint64_t value) const {
        auto next = values_.begin();
        while (next != values_.end() && *next < value) ++next;
        return next != values_.end() && *next == value;
    }
    [[nodiscard]] std::uint64_t size() const {
        return static_cast<std::uint64_t>(std::distance(values_.begin(), values_.end()));
    }

private:
    std::pmr::monotonic_buffer_resource memory_;
    std::pmr::forward_list<std::uint64_t> values_{&memory_};
};

enum class list_request_kind { size, add, contains };

struct list_request {
    list_request_kind kind;
    std::uint64_t value;
};

/// Only worker number `place` asks for these values, so what it finds does not depend on the others.
inline list_request next_list_request(random_numbers& random, std::uint64_t place) {
    auto const dice = random.below(100);
    auto const kind = dice < list_size_percent                      ? list_request_kind::size
                      : dice < list_size_percent + list_add_percent ? list_request_kind::add
                                                                    : list_request_kind::contains;
    return {kind, random.below(4'096) * list_workers + place};
}

/// What one worker makes of its results: values added, values found, and sizes that its own values do not exceed.
class list_results {
public:
    void take(list_request_kind kind, std::uint64_t result) {
        if (kind == list_request_kind::size) {
            sum_ += result >= added_ ? 1 : 0;
            return;
        }
        added_ += kind == list_request_kind::add ? 1 : 0;
        sum_ += result;
    }
    [[nodiscard]] std::uint64_t sum() const { return sum_; }

private:
    std::uint64_t added_ = 0;
    std::uint64_t sum_ = 0;
};

inline std::uint64_t list_expected(std::uint64_t each) {
    std::uint64_t sum = 0;
    for (std::uint64_t place = 0; place < list_workers; ++place) {
        random_numbers random(place);
        std::unordered_set<std::uint64_t> own;
        list_results results;
        for (std::uint64_t i = 0; i < each; ++i) {
            auto const [kind, value] = next_list_request(random, place);
            if (kind == list_request_kind::add) own.insert(value);
            results.take(kind, kind == list_request_kind::add    ? value
                               : kind == list_request_kind::size ? each
                                                                 : own.count(value));
        }
        sum += results.sum();
    }
    return sum;
}

}  // namespace benches::shape
