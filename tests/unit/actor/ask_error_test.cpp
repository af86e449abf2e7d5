#include <drover/actor/ask_error.hpp>

#include <set>
#include <string>

#include <catch2/catch.hpp>

using drover::ask_error;

TEST_CASE("every ask error says what was wrong and what to do, in a sentence of its own") {
    std::set<std::string> sentences;
    for (const auto code :
         {ask_error::timeout, ask_error::actor_stopped, ask_error::handler_threw, ask_error::mailbox_full,
          ask_error::would_deadlock, ask_error::no_answer, ask_error::no_target}) {
        const std::string text = drover::to_string(code);
        CHECK(text.starts_with("drover: "));
        CHECK(text.find(';') != std::string::npos);
        CHECK(text != "drover: unknown ask error");
        sentences.insert(text);
    }
    CHECK(sentences.size() == 7);
    CHECK(std::string(drover::to_string(static_cast<ask_error::code_type>(99))) == "drover: unknown ask error");
}

TEST_CASE("ask_failed carries the error and says its sentence") {
    const auto inner = std::make_exception_ptr(std::runtime_error("inner"));
    const drover::ask_failed failed(ask_error{ask_error::handler_threw, inner});
    CHECK(failed.error().code == ask_error::handler_threw);
    CHECK(failed.error().exception == inner);
    CHECK(std::string(failed.what()) == drover::to_string(ask_error::handler_threw));
    CHECK_THROWS_AS(throw drover::ask_failed(ask_error{ask_error::timeout}), std::runtime_error);
}
