#pragma once

#include <cstdint>

namespace drover {

/// Remainders by a number that is known long before: two multiplications in place of a division (as in Granlund and
/// Montgomery, "Division by invariant integers using multiplication", 1994, with a correction by at most one).
class divisor {
public:
    /// `number` > 0.
    constexpr explicit divisor(std::uint64_t number) noexcept
        : number_(number), reciprocal_(~std::uint64_t{0} / number) {}

    constexpr std::uint64_t remainder(std::uint64_t dividend) const noexcept {
        // The reciprocal is too small by 1 at most, so the quotient is, too.
        const auto quotient = static_cast<std::uint64_t>((static_cast<wide>(dividend) * reciprocal_) >> 64U);
        const std::uint64_t left = dividend - quotient * number_;
        return left < number_ ? left : left - number_;
    }

private:
    __extension__ using wide = unsigned __int128;

    std::uint64_t number_;
    std::uint64_t reciprocal_;
};

}  // namespace drover
