// Counts of words, with an undo for the file being read.
#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace census {

/// A word or a file name with the figure it is ranked by.
struct ranked {
    std::string name;
    std::uint64_t count = 0;
};

/// More first, then by name, so that equal counts come in the same order in every run.
inline bool ranks_before(const ranked& one, const ranked& other) {
    return one.count != other.count ? one.count > other.count : one.name < other.name;
}

/// The first `limit` of them in that order.
inline void keep_top(std::vector<ranked>& all, std::size_t limit) {
    std::sort(all.begin(), all.end(), ranks_before);
    all.resize(std::min(limit, all.size()));
}

/// Multiplies eight bytes at a time. Identifiers come from files, not from an enemy: no seed.
struct word_hash {
    std::size_t operator()(std::string_view word) const {
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
        std::uint64_t result = word.size() * odd;
        const char* at = word.data();
        std::size_t left = word.size();
        for (; left > 8; left -= 8, at += 8) {
            result = mix(result ^ load(at, 8));
        }
        return mix(result ^ load(at, left));
    }

private:
    static std::uint64_t load(const char* from, std::size_t count) {
        std::uint64_t result = 0;
        std::memcpy(&result, from, count);
        return result;
    }
    static std::uint64_t mix(std::uint64_t value) {
        value *= 0x9e3779b97f4a7c15U;
        return value ^ (value >> 32);
    }
};

/// The words of the files read so far. `add` belongs to the open file until `commit`; `roll_back` forgets what the open
/// file added, at the cost of its distinct words. Memory: the distinct words, each stored once.
/// One thread at a time; move only.
class word_counts {
public:
    void add(std::string_view word) {
        entry& found = entries_[index_of(word, word_hash{}(word))];
        if (found.file != file_) {
            found.file = file_;
            found.pending = 0;
            touched_.push_back(static_cast<std::uint32_t>(&found - entries_.data()));
        }
        found.pending += 1;
    }

    void commit() {
        for (const std::uint32_t index : touched_) {
            entries_[index].count += entries_[index].pending;
        }
        next_file();
    }

    void roll_back() { next_file(); }

    /// Adds the committed counts of those words of `other` that fall to `part` of `parts`; every word falls to one.
    /// Any number of threads may take their parts of the same `other` at once.
    void merge_part(const word_counts& other, std::size_t part, std::size_t parts);
    void merge(const word_counts& other) { merge_part(other, 0, 1); }

    /// Words that occur in a committed file.
    [[nodiscard]] std::size_t distinct() const {
        return static_cast<std::size_t>(
            std::count_if(entries_.begin(), entries_.end(), [](const entry& one) { return one.count != 0; }));
    }

    /// The `limit` most frequent ones, in order.
    [[nodiscard]] std::vector<ranked> top(std::size_t limit) const;

private:
    struct entry {
        std::string_view word;
        std::uint64_t count = 0;
        std::uint64_t pending = 0;  // of file number `file`
        std::uint64_t file = 0;
    };

    std::uint32_t index_of(std::string_view word, std::size_t hash) {
        if (const auto found = index_.find(word, hash); found != index_.end()) {
            return found->second;
        }
        const auto index = static_cast<std::uint32_t>(entries_.size());
        const std::string_view stored = store(word);
        entries_.push_back({stored});
        index_.emplace(stored, index);
        return index;
    }

    std::string_view store(std::string_view word) {
        if (room_ < word.size()) {
            room_ = std::max(block_size, word.size());
            blocks_.push_back(std::make_unique<char[]>(room_));
            free_ = blocks_.back().get();
        }
        char* const place = free_;
        std::copy(word.begin(), word.end(), place);
        free_ += word.size();
        room_ -= word.size();
        return {place, word.size()};
    }

    void next_file() {
        touched_.clear();
        file_ += 1;
    }

    static constexpr std::size_t block_size = std::size_t{1} << 16;

    tsl::robin_map<std::string_view, std::uint32_t, word_hash, std::equal_to<>,
                   std::allocator<std::pair<std::string_view, std::uint32_t>>, true>
        index_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> touched_;  // entries the open file added to
    std::uint64_t file_ = 1;
    std::vector<std::unique_ptr<char[]>> blocks_;  // the text of the words; blocks never move
    char* free_ = nullptr;
    std::size_t room_ = 0;
};

inline void word_counts::merge_part(const word_counts& other, std::size_t part, std::size_t parts) {
    for (const entry& one : other.entries_) {
        if (one.count == 0) {
            continue;
        }
        const std::size_t hash = word_hash{}(one.word);
        if ((hash >> 32) % parts == part) {  // the table uses the lower half
            entries_[index_of(one.word, hash)].count += one.count;
        }
    }
}

inline std::vector<ranked> word_counts::top(std::size_t limit) const {
    std::vector<const entry*> order;
    order.reserve(entries_.size());
    for (const entry& one : entries_) {
        if (one.count != 0) {
            order.push_back(&one);
        }
    }
    limit = std::min(limit, order.size());
    const auto before = [](const entry* one, const entry* other) {
        return one->count != other->count ? one->count > other->count : one->word < other->word;
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(limit), order.end(), before);
    std::vector<ranked> result;
    result.reserve(limit);
    for (std::size_t at = 0; at != limit; ++at) {
        result.push_back({std::string(order[at]->word), order[at]->count});
    }
    return result;
}

}  // namespace census
