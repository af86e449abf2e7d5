#pragma once

#include <atomic>

namespace drover {

/// The link of everything that waits in a mailbox. A mailbox knows no more of a message than this.
struct message_node {
    std::atomic<message_node*> next{nullptr};
};

}  // namespace drover
