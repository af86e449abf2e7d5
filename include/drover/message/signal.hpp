#pragma once

namespace drover {

/// The link of the system lane: a reply, a child's end, later a watch or a timer. A signal stands inside the object it
/// speaks of, so that sending one allocates nothing and cannot fail.
struct signal_node {
    signal_node* next = nullptr;
};

template <class Turn>
struct signal;

template <class Turn>
struct signal_operations {
    void (*deliver)(signal<Turn>*, Turn&);   ///< on the receiving actor, in its turn
    void (*refuse)(signal<Turn>*) noexcept;  ///< instead, if it has stopped: in the sender's thread or the stopping one
};

/// `Turn` is what the receiving actor hands to everything it runs.
template <class Turn>
struct signal : signal_node {
    explicit constexpr signal(const signal_operations<Turn>* record) noexcept : operations(record) {}

    const signal_operations<Turn>* operations;
};

}  // namespace drover
