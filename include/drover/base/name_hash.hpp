#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace drover {

namespace detail {

__extension__ using uint128 = unsigned __int128;

inline std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) noexcept {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template <class Word>
std::uint64_t load_word(const char* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

}  // namespace detail

/// 64 bits of a name, the same in every thread of a process; all of them are mixed, so any may choose a bucket. Not the
/// same on every machine, and no defence against names that were chosen to collide. Folded products, as in wyhash (Wang
/// Yi): two multiplications up to 16 bytes, one more for each further 16.
inline std::uint64_t hash_name(std::string_view name, std::uint64_t seed = 0) noexcept {
    constexpr std::uint64_t first_key = 0xa076'1d64'78bd'642f;
    constexpr std::uint64_t second_key = 0xe703'7ed1'a0b4'28db;
    const char* at = name.data();
    const std::size_t size = name.size();
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    seed ^= first_key;
    if (size > 16) {
        const char* const last = at + size - 16;
        for (; at < last; at += 16) {
            seed = detail::fold_product(detail::load_word<std::uint64_t>(at) ^ second_key,
                                        detail::load_word<std::uint64_t>(at + 8) ^ seed);
        }
        a = detail::load_word<std::uint64_t>(last);
        b = detail::load_word<std::uint64_t>(last + 8);
    } else if (size >= 8) {
        a = detail::load_word<std::uint64_t>(at);
        b = detail::load_word<std::uint64_t>(at + size - 8);
    } else if (size >= 4) {
        a = detail::load_word<std::uint32_t>(at);
        b = detail::load_word<std::uint32_t>(at + size - 4);
    } else if (size != 0) {
        a = detail::load_word<unsigned char>(at) << 16U | detail::load_word<unsigned char>(at + size / 2) << 8U |
            detail::load_word<unsigned char>(at + size - 1);
    }
    return detail::fold_product(second_key ^ size, detail::fold_product(a ^ second_key, b ^ seed));
}

}  // namespace drover
