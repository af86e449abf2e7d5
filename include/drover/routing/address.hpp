#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "drover/base/expected.hpp"
#include "drover/base/ids.hpp"
#include "drover/base/name_hash.hpp"
#include "drover/base/text.hpp"
#include "drover/routing/name_text.hpp"

namespace drover {

/// A name that has been checked, with its hash: keep it where a name is used more than once. Segments joined by slashes
/// ("orders/eu/12"), each of at least one character; UTF-8 without control characters, at most 255 bytes, not beginning
/// with `#`. An immutable value; addresses are equal if their texts are. Copies allocate beyond 15 bytes.
class address {
public:
    /// Throws std::invalid_argument, with one sentence, if `text` is no name. O(length).
    explicit address(std::string_view text) : address(checked(text), unchecked{}) {}

    /// As the constructor, with the sentence as the error.
    static expected<address, std::string> parse(std::string_view text) {
        if (std::optional<std::string> fault = fault_in_name(text)) {
            return unexpected<std::string>(*std::move(fault));
        }
        return address(text, unchecked{});
    }

    /// The address of an actor without a name, "#42". Only registry::anonymous() makes such a name known.
    static address of(actor_id id) { return address(join_text({"#", std::to_string(to_integer(id))}), unchecked{}); }

    std::string_view text() const noexcept { return text_; }
    std::string to_string() const { return text_; }
    std::uint64_t hash() const noexcept { return hash_; }
    bool is_anonymous() const noexcept { return text_[0] == '#'; }

    friend bool operator==(const address& a, const address& b) noexcept {
        return a.hash_ == b.hash_ && a.text_ == b.text_;
    }
    /// By their bytes.
    friend std::strong_ordering operator<=>(const address& a, const address& b) noexcept { return a.text_ <=> b.text_; }

private:
    struct unchecked {};

    address(std::string_view text, unchecked) : text_(text), hash_(hash_name(text)) {}

    static std::string_view checked(std::string_view text) {
        if (const std::optional<std::string> fault = fault_in_name(text)) {
            throw std::invalid_argument(*fault);
        }
        return text;
    }

    std::string text_;
    std::uint64_t hash_;
};

/// A name as an argument: an `address`, whose hash is known, or any text, which is hashed here and checked when it
/// turns out that nobody holds it. Borrows the text.
class name_view {
public:
    name_view(const address& whole) noexcept : text_(whole.text()), hash_(whole.hash()) {}
    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    name_view(const Text& text) noexcept : text_(text), hash_(hash_name(text_)) {}
    name_view(std::string_view text, std::uint64_t hash) noexcept : text_(text), hash_(hash) {}

    std::string_view text() const noexcept { return text_; }
    std::uint64_t hash() const noexcept { return hash_; }

    /// Throws std::invalid_argument, with one sentence, if this is no name and no "#42".
    void check() const {
        if (!is_anonymous()) {
            check_given();
        }
    }

    /// As above, for a name that somebody is to be given: "#42" is none.
    void check_given() const {
        if (const std::optional<std::string> fault = fault_in_name(text_)) {
            throw std::invalid_argument(*fault);
        }
    }

private:
    bool is_anonymous() const noexcept {
        return text_.size() > 1 && text_.size() <= 21 && text_[0] == '#' &&
               text_.find_first_not_of("0123456789", 1) == std::string_view::npos;
    }

    std::string_view text_;
    std::uint64_t hash_;
};

}  // namespace drover

template <>
struct std::hash<drover::address> {
    std::size_t operator()(const drover::address& a) const noexcept { return static_cast<std::size_t>(a.hash()); }
};
