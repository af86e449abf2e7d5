#pragma once

#include <cstddef>
#include <vector>

#include <drover/mailbox/concept.hpp>
#include <drover/mailbox/tagged_list.hpp>

namespace drover_test {

/// A message that knows which one it is.
struct numbered : drover::message_node {
    std::size_t level = 0;
    std::size_t sender = 0;
    std::size_t number = 0;
};

/// The actor as its mailbox sees it: keeps what is retired, and counts what it is told. Messages are `numbered`.
struct recording_owner : drover::detail::any_owner {
    std::vector<const drover::message_node*>* retired = nullptr;
    std::size_t* falls = nullptr;
    const drover::message_node* mark = nullptr;

    void retire(drover::message_node* node) const noexcept { retired->push_back(node); }
    std::size_t level(const drover::message_node* node) const noexcept {
        return static_cast<const numbered*>(node)->level;
    }
    bool is_mark(const drover::message_node* node) const noexcept { return node == mark; }
    void fell_to_low_water() const noexcept { *falls += 1; }
};

/// A mailbox and its owner, without a runtime. `push` reserves as a sender does; `refused` counts what found no room.
template <drover::mailbox_policy M>
struct lone_mailbox {
    drover::tagged_list::producer_side p;
    drover::tagged_list::consumer_side c;
    typename M::extra x;
    std::vector<const drover::message_node*> retired;
    std::size_t falls = 0;
    std::size_t refused = 0;
    numbered mark;

    explicit lone_mailbox(const drover::mailbox_limits& limits = M::default_limits()) : x(limits) {
        drover::tagged_list::start_scheduled(p, c);
    }

    recording_owner owner() { return {{}, &retired, &falls, &mark}; }

    bool push(drover::message_node& node) {
        if constexpr (M::limited) {
            if (x.room.try_reserve(1) == 0) {
                refused += 1;
                return false;
            }
        }
        M::push_chain(p, x, &node, &node);
        return true;
    }
    void push_mark() { drover::tagged_list::push_chain(p, &mark, &mark); }

    drover::message_node* pop() { return M::pop(p, c, x, owner()); }
    template <class Wanted>
    drover::message_node* pop_if(Wanted wanted) {
        return M::pop(p, c, x, owner(), wanted);
    }
    bool mark_idle() { return M::try_mark_idle(p, c, x, owner()); }
    bool close() { return M::try_close(p, c, x, owner()); }
    std::size_t count() { return M::count(p, c, x); }
    const drover::message_node* given() { return M::given(p, c, x); }
};

}  // namespace drover_test
