// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/mailbox/tagged_list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "path.hpp"

namespace benches::paths {
namespace {

using mailbox = drover::tagged_list;
constexpr std::size_t burst = 64;

struct world {
    mailbox::producer_side incoming;
    mailbox::consumer_side consumed;
    std::array<drover::message_node, burst> letters;

    void open() { mailbox::start_scheduled(incoming, consumed); }
    drover::message_node* fresh(std::size_t which) {
        letters[which].next.store(nullptr, std::memory_order_relaxed);
        return &letters[which];
    }
    bool push(drover::message_node* one) {
        return mailbox::push_chain(incoming, one, one) == drover::push_result::queued;
    }
    drover::message_node* pop() {
        return mailbox::pop(incoming, consumed, [](drover::message_node*) noexcept {});
    }
};

/// Bursts of 64 pushes into a list that nobody pops from; it is begun anew for each.
bool push(std::uint64_t times) {
    bool right = true;
    world one;
    for (std::uint64_t done = 0; done < times; done += burst) {
        one.open();
        for (std::size_t each = 0; each != burst; ++each) right &= one.push(one.fresh(each));
        keep(one);
    }
    return right;
}

/// Bursts of 64 pops of what one push of a whole chain brought.
bool pop(std::uint64_t times) {
    bool right = true;
    world one;
    for (std::uint64_t done = 0; done < times; done += burst) {
        one.open();
        for (std::size_t each = 0; each != burst; ++each)
            one.letters[each].next.store(each + 1 == burst ? nullptr : &one.letters[each + 1],
                                         std::memory_order_relaxed);
        mailbox::push_chain(one.incoming, &one.letters.front(), &one.letters.back());
        for (std::size_t each = 0; each != burst; ++each) right &= one.pop() == &one.letters[each];
    }
    return right;
}

/// A push finds the receiver idle, it pops the message, and is idle again.
bool push_pop_idle(std::uint64_t times) {
    bool right = true;
    world one;
    mailbox::start_idle(one.incoming, one.consumed);
    for (std::uint64_t done = 0; done < times; ++done) {
        drover::message_node* const sent = one.fresh(done % burst);
        right &= mailbox::push_chain(one.incoming, sent, sent) == drover::push_result::woke && one.pop() == sent &&
                 mailbox::try_mark_idle(one.incoming, one.consumed, [](drover::message_node*) noexcept {});
    }
    return right;
}

constexpr std::array all{path{"mailbox/push", &push}, path{"mailbox/pop", &pop},
                         path{"mailbox/push_pop_idle", &push_pop_idle}};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
