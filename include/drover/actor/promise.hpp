#pragma once

#include <exception>
#include <utility>

#include "drover/actor/ask_error.hpp"
#include "drover/actor/reply.hpp"
#include "drover/features/features.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// The right, and the duty, to answer one ask once. Move-only; dropped unused it answers that the actor stopped.
template <class R, class F>
class request {
public:
    request() noexcept = default;
    explicit request(reply_record<R, F>* record) noexcept : record_(record) {}
    request(request&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
    request& operator=(request&& other) noexcept {
        if (this != &other) {
            fail({ask_error::actor_stopped, nullptr});
            record_ = std::exchange(other.record_, nullptr);
        }
        return *this;
    }
    ~request() { fail({ask_error::actor_stopped, nullptr}); }

    explicit operator bool() const noexcept { return record_ != nullptr; }
    reply_record<R, F>* record() const noexcept { return record_; }
    reply_record<R, F>* release() noexcept { return std::exchange(record_, nullptr); }

    template <class Value>
    void answer(Value&& value) noexcept {
        if (record_ != nullptr) {
            flush_outbox();  // what was told before the answer arrives before it
            std::exchange(record_, nullptr)->answer(std::forward<Value>(value));
        }
    }

    void fail(ask_error error) noexcept {
        if (record_ != nullptr) {
            std::exchange(record_, nullptr)->fail(std::move(error));
        }
    }

    void fail_as_answer(ask_error error) noexcept {
        if (record_ != nullptr) {
            std::exchange(record_, nullptr)->fail_as_answer(std::move(error));
        }
    }

private:
    reply_record<R, F>* record_ = nullptr;
};

/// Answers one ask later, from any thread, once. Move-only. `context::later<R>()` gives it. Empty if the message was
/// told and not asked: `set` then does nothing. A promise that is destroyed unused answers `no_answer`.
template <class R, class F>
class basic_promise {
public:
    basic_promise() noexcept = default;
    explicit basic_promise(request<R, F>&& taken) noexcept : request_(std::move(taken)) {}
    basic_promise(basic_promise&&) noexcept = default;
    basic_promise& operator=(basic_promise&& other) noexcept {
        if (this != &other) {
            request_.fail_as_answer({ask_error::no_answer, nullptr});
            request_ = std::move(other.request_);
        }
        return *this;
    }
    ~basic_promise() { request_.fail_as_answer({ask_error::no_answer, nullptr}); }

    /// True while somebody waits for the answer.
    explicit operator bool() const noexcept { return static_cast<bool>(request_); }

    void set(R value) noexcept { request_.answer(std::move(value)); }
    void fail(std::exception_ptr exception) noexcept {
        request_.fail_as_answer({ask_error::handler_threw, std::move(exception)});
    }

private:
    request<R, F> request_;
};

template <class R>
using promise = basic_promise<R, features>;

}  // namespace drover
