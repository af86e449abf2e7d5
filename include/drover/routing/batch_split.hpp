#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/message/delivery.hpp"
#include "drover/routing/address.hpp"
#include "drover/routing/route_entry.hpp"

namespace drover {

/// What became of the messages of a batch by name; each is in one of these.
struct batch_result {
    std::size_t accepted = 0;
    std::size_t refused = 0;    ///< their actor had stopped or had no room: dead letters
    std::size_t no_target = 0;  ///< nobody held their names: dead letters

    std::size_t sent() const noexcept { return accepted + refused + no_target; }
    friend bool operator==(const batch_result&, const batch_result&) = default;
};

/// The messages of a batch, put together by receiver.
template <class M, class F>
class batch_split {
public:
    struct group {
        basic_cell<F>* cell;
        boost::intrusive_ptr<route_entry> entry;  // keeps the cell
        std::vector<M> messages;
        std::vector<std::pair<boost::intrusive_ptr<route_entry>, std::size_t>> copied;  // those that go to others, too
    };

    void add(route_entry* entry, basic_cell<F>* cell, name_view name, M&& message) {
        if (cell == nullptr) {
            unknown_.emplace_back(name.text());
            return;
        }
        const auto [found, fresh] = places_.try_emplace(cell, groups_.size());
        if (fresh) {
            groups_.push_back({cell, boost::intrusive_ptr<route_entry>(entry), {}, {}});
        }
        group& its = groups_[found->second];
        if (entry->extra != nullptr) {
            its.copied.emplace_back(entry, its.messages.size());
        }
        its.messages.push_back(std::move(message));
    }

    /// `push(group)` answers for all its messages; `bury(name)` is called for each message without a receiver.
    template <class Push, class Bury>
    void send(Push push, Bury bury) {
        for (group& each : groups_) {
            const std::size_t count = each.messages.size();
            (is_accepted(push(each)) ? result_.accepted : result_.refused) += count;
        }
        for (const std::string& each : unknown_) {
            bury(each);
        }
        result_.no_target = unknown_.size();
    }

    batch_result result() const noexcept { return result_; }

private:
    std::vector<group> groups_;
    tsl::robin_map<basic_cell<F>*, std::size_t> places_;
    std::vector<std::string> unknown_;
    batch_result result_;
};

}  // namespace drover
