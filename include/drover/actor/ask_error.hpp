#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace drover {

/// Why an ask got no reply.
struct ask_error {
    enum code_type : std::uint8_t {
        timeout,         ///< its time was over
        actor_stopped,   ///< the actor stopped, or had stopped, before it answered
        handler_threw,   ///< `exception` is what the handler threw
        mailbox_full,    ///< the actor's mailbox did not take the message
        would_deadlock,  ///< waiting was refused, because a worker may not block
        no_answer,       ///< the handler dropped its promise
        no_target,       ///< the ref was empty
        unhandled,       ///< the actor's present behaviour has no handler for the message
    };

    code_type code;
    std::exception_ptr exception{};
};

/// One sentence a code, with what to do.
inline const char* to_string(ask_error::code_type code) noexcept {
    switch (code) {
        case ask_error::timeout:
            return "drover: no reply within the time given to ask; allow more or handle the timeout";
        case ask_error::actor_stopped:
            return "drover: the actor stopped before it answered; spawn it again or ask another";
        case ask_error::handler_threw:
            return "drover: the handler threw instead of answering; error().exception holds what it threw";
        case ask_error::mailbox_full: return "drover: the actor's mailbox is full; ask again later";
        case ask_error::would_deadlock:
            return "drover: a handler must not block for a reply, because it would hold up its worker; use then()";
        case ask_error::no_answer:
            return "drover: the handler dropped its promise without an answer; call set() or fail()";
        case ask_error::no_target: return "drover: the ref is empty, so there is nobody to ask; spawn the actor first";
        case ask_error::unhandled:
            return "drover: the behaviour the actor has now has no handler for this message; ask when it has changed";
    }
    return "drover: unknown ask error";
}

/// What `answer::get` throws.
class ask_failed : public std::runtime_error {
public:
    explicit ask_failed(ask_error error) : std::runtime_error(to_string(error.code)), error_(std::move(error)) {}

    const ask_error& error() const noexcept { return error_; }

private:
    ask_error error_;
};

}  // namespace drover
