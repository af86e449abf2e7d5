#include <drover/report/trace_pieces.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

#include "support/flight.hpp"

using namespace drover_test::flight;

TEST_CASE("a message is put together from what the sender and the receiver have recorded") {
    const auto all = recording({thread(1, {rooted(10), sent(5, 10, 0)}), thread(2, {began(7, 10, 42), ended(9, 10)})});
    const auto found = drover::pieces_of(all);
    REQUIRE(found.messages.size() == 1);
    const auto& message = found.messages[0];
    CHECK(message.span == span(10));
    CHECK(message.parent == drover::span_id::none);
    CHECK(message.sent.at == 5ns);
    CHECK(message.sent.thread == 1);
    CHECK(message.taken.at == 7ns);
    CHECK(message.taken.thread == 2);
    CHECK_FALSE(message.in_slice);
    CHECK_FALSE(message.delayed);
    REQUIRE(found.slices.size() == 1);
    const auto& slice = found.slices[0];
    CHECK(slice.begin == 7ns);
    CHECK(slice.end == 9ns);
    CHECK(slice.thread == 2);
    CHECK(slice.actor == drover::actor_id{42});
    CHECK_FALSE(slice.running);
    CHECK(found.traces.at(10) == trace);
}

TEST_CASE("all that follows from a root belongs to its trace, and what has lost its root to none") {
    const auto all =
        recording({thread(1, {rooted(10), sent(1, 10, 0), began(2, 10, 1), sent(3, 11, 10), ended(4, 10),
                              began(5, 11, 1), sent(6, 12, 11), replied(7, 13, 11), ended(8, 11), sent(9, 20, 19)})});
    const auto found = drover::pieces_of(all);
    for (const std::uint64_t each : {10U, 11U, 12U, 13U}) {
        CHECK(found.traces.at(each) == trace);
    }
    CHECK_FALSE(found.traces.contains(20));
    REQUIRE(found.messages.size() == 2);
    CHECK(found.messages[1].span == span(11));
    CHECK(found.messages[1].in_slice);
}

TEST_CASE("a piece of which a part is lost is left out whole") {
    SECTION("the send") {
        CHECK(drover::pieces_of(recording({thread(1, {began(2, 10, 1), ended(3, 10)})})).messages.empty());
    }
    SECTION("the begin of the handler") {
        const auto found = drover::pieces_of(recording({thread(1, {sent(1, 10, 0)}), thread(2, {ended(3, 10)})}));
        CHECK(found.messages.empty());
        CHECK(found.slices.empty());
    }
    SECTION("the begin of a handler, before another") {
        const auto found = drover::pieces_of(recording({thread(1, {ended(3, 10), began(4, 11, 1), ended(5, 11)})}));
        REQUIRE(found.slices.size() == 1);
        CHECK(found.slices[0].span == span(11));
    }
    SECTION("the begin of a handler around others") {
        const auto found = drover::pieces_of(recording({thread(1, {began(1, 11, 1), ended(2, 11), ended(3, 10)})}));
        REQUIRE(found.slices.size() == 1);
        CHECK(found.slices[0].span == span(11));
    }
    SECTION("the handler of a batch") {
        CHECK(drover::pieces_of(recording({thread(1, {sent(1, 10, 0)}), thread(2, {joined(2, 10, 9)})}))
                  .messages.empty());
    }
    SECTION("the first stretch of a handler that goes on") {
        const auto found = drover::pieces_of(recording({thread(1, {resumed(1, 10, 0), ended(2, 10)})}));
        REQUIRE(found.slices.size() == 1);
        CHECK(found.slices[0].actor == drover::actor_id::none);
        CHECK(found.slices[0].names == &reply_names);
    }
    SECTION("the end, since the thread has ended in between") {
        auto gone = thread(1, {began(1, 10, 1)});
        gone.ended = true;
        CHECK(drover::pieces_of(recording({gone})).slices.empty());
    }
}

TEST_CASE("a handler that runs when the recording is taken ends there") {
    const auto found = drover::pieces_of(recording({thread(1, {began(1, 10, 1), began(2, 11, 2)})}));
    REQUIRE(found.slices.size() == 2);
    for (const auto& each : found.slices) {
        CHECK(each.running);
        CHECK(each.end == 100ns);
    }
    CHECK(found.slices[0].span == span(11));  // the inner one first
}

TEST_CASE("a reply leads to what goes on with it, which has the names of its first stretch") {
    const auto found = drover::pieces_of(
        recording({thread(1, {began(1, 10, 1), sent(2, 11, 10), ended(3, 10), resumed(8, 10, 12), ended(9, 10)}),
                   thread(2, {began(4, 11, 2), replied(5, 12, 11), ended(6, 11)})}));
    REQUIRE(found.messages.size() == 2);
    const auto& reply = found.messages[1];
    CHECK(reply.reply);
    CHECK(reply.parent == span(11));
    CHECK(reply.taken.at == 8ns);
    REQUIRE(found.slices.size() == 3);
    CHECK(found.slices[1].resumed);
    CHECK(found.slices[1].names == &job_names);
    CHECK(found.slices[1].actor == drover::actor_id{1});
}

TEST_CASE("a message is taken once: the first time") {
    const auto found =
        drover::pieces_of(recording({thread(1, {sent(1, 10, 0)}), thread(2, {began(6, 10, 1), ended(7, 10)}),
                                     thread(3, {began(3, 10, 1), ended(4, 10)})}));
    REQUIRE(found.messages.size() == 1);
    CHECK(found.messages[0].taken.at == 3ns);
    CHECK(found.messages[0].taken.thread == 3);
    CHECK(found.slices.size() == 2);
}

TEST_CASE("a message for later is due in between, and one of a batch is taken in the handler") {
    const auto found =
        drover::pieces_of(recording({thread(1, {sent(1, 10, 0), sent(2, 11, 0)}), thread(2, {due(5, 10)}),
                                     thread(3, {began(6, 11, 1), joined(7, 10, 11), ended(8, 11)})}));
    REQUIRE(found.messages.size() == 2);
    CHECK(found.messages[0].delayed);
    CHECK(found.messages[0].due.at == 5ns);
    CHECK(found.messages[0].due.thread == 2);
    CHECK(found.messages[0].taken.at == 7ns);
}

TEST_CASE("spans that name each other as parents have no trace, and no end of looking") {
    const auto found = drover::pieces_of(recording({thread(1, {sent(1, 10, 11), sent(2, 11, 10)})}));
    CHECK(found.traces.empty());
}
