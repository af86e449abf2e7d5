#pragma once

#include <memory>

#include "support/world.hpp"

namespace drover_test {

/// A message that keeps its receiver in the handler until the test lets it go. The doors belong to both sides: the
/// handler may still be at one when the test has gone on.
struct plug {
    std::shared_ptr<door> entered = std::make_shared<door>();
    std::shared_ptr<door> leave = std::make_shared<door>();

    /// The handler's part.
    void hold() const {
        entered->open();
        leave->pass();
    }
};

/// Keeps an actor in its handler for as long as this lives, or until open().
class plugged {
public:
    template <class Ref>
    explicit plugged(const Ref& actor) : plugged(actor, [] {}) {}
    /// Does `nudge` until the actor is there: one that lingers needs time to go on.
    template <class Ref, class Nudge>
    plugged(const Ref& actor, Nudge nudge) {
        actor.tell(plug_);
        wait_until([&] {
            nudge();
            return plug_.entered->is_open();
        });
    }
    ~plugged() { open(); }
    plugged(const plugged&) = delete;
    plugged& operator=(const plugged&) = delete;

    void open() const noexcept { plug_.leave->open(); }

private:
    plug plug_{};
};

}  // namespace drover_test
