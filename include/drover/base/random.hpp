#pragma once

#include <cstdint>

namespace drover {

/// splitmix64 (Steele, Lea, Flood 2014): one add and three multiplications a number, any seed is good. For choices that
/// must be cheap and spread, such as where a thief begins to look; not for secrets.
class random_source {
public:
    explicit constexpr random_source(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    /// A number in [0, bound), bound > 0. The bias is below bound / 2^32 (Lemire's multiplication without rejection).
    constexpr std::uint32_t below(std::uint32_t bound) noexcept {
        return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
    }

private:
    std::uint64_t state_;
};

}  // namespace drover
