#include <drover/message/envelope.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"

using namespace drover;

namespace {

struct turn {};
using record = envelope_operations<turn>;

template <class Payload, class Stamp = no_stamp>
using sample = loaded_envelope<turn, Stamp, Payload>;

template <class Payload, class Stamp = no_stamp>
const record& record_of() {
    static const record one{nullptr, nullptr, sample<Payload, Stamp>::size_class, "sample"};
    return one;
}

template <class Payload, class... Arguments>
sample<Payload>* make(Arguments&&... arguments) {
    return sample<Payload>::create(&record_of<Payload>(), std::forward<Arguments>(arguments)...);
}

template <class Payload>
void end(sample<Payload>* envelope) {
    envelope->destroy_payload();
    release_envelope<turn, no_stamp>(envelope);
}

template <std::size_t Bytes>
struct sized {
    char text[Bytes];
};

struct alignas(128) over_aligned {
    int value;
};

struct counted {
    explicit counted(int& n) : alive(&n) { *alive += 1; }
    counted(counted&& other) noexcept : alive(other.alive) { *alive += 1; }
    ~counted() { *alive -= 1; }
    int* alive;
};

struct throws_on_move {
    throws_on_move() = default;
    throws_on_move(throws_on_move&&) { throw std::runtime_error("will not move"); }
};

template <std::size_t Bytes>
struct large_and_throwing : throws_on_move {
    char text[Bytes];
};

struct stamped {
    std::uint64_t when = 5;
};

std::size_t in_use() {
    std::size_t sum = 0;
    for (std::uint8_t each = 0; each != detail::block_classes; ++each) {
        sum += block_pool::outstanding(each);
    }
    return sum;
}

}  // namespace

TEST_CASE("an envelope carries a move-only payload in place") {
    const std::size_t before = in_use();
    auto* const envelope = make<std::unique_ptr<int>>(std::make_unique<int>(7));
    CHECK(envelope->operations == &record_of<std::unique_ptr<int>>());
    CHECK(envelope->operations->message == "sample");
    CHECK(envelope->next.load() == nullptr);
    CHECK(*envelope->payload() == 7);
    CHECK(in_use() == before + 1);
    end(envelope);
    CHECK(in_use() == before);
}

TEST_CASE("destroying the payload leaves the node to the mailbox") {
    int alive = 0;
    auto* const envelope = make<counted>(counted(alive));
    CHECK(alive == 1);
    envelope->destroy_payload();
    CHECK(alive == 0);
    message_node other;
    envelope->next.store(&other);
    CHECK(envelope->next.load() == &other);
    release_envelope<turn, no_stamp>(envelope);
}

TEST_CASE("payloads of up to 240 bytes stand in the block") {
    STATIC_REQUIRE(sizeof(sample<sized<48>>) == 64);
    STATIC_REQUIRE(sample<sized<1>>::pooled);
    STATIC_REQUIRE(sample<sized<240>>::pooled);
    STATIC_REQUIRE_FALSE(sample<sized<241>>::pooled);
    STATIC_REQUIRE_FALSE(sample<over_aligned>::pooled);
    CHECK(sample<sized<16>>::size_class == 0);
    CHECK(sample<sized<17>>::size_class == 1);
    CHECK(sample<sized<48>>::size_class == 1);
    CHECK(sample<sized<49>>::size_class == 2);
    CHECK(sample<sized<240>>::size_class == 4);
    CHECK(sample<sized<5000>>::size_class == 0);
}

TEST_CASE("a large payload has memory of its own, gone with the payload") {
    const std::size_t before = in_use();
    auto* const envelope = make<sized<5000>>(sized<5000>{"text"});
    CHECK(std::string(envelope->payload().text) == "text");
    CHECK(in_use() == before + 1);
    end(envelope);
    CHECK(in_use() == before);
}

TEST_CASE("an over-aligned payload is aligned") {
    auto* const envelope = make<over_aligned>(over_aligned{3});
    CHECK(reinterpret_cast<std::uintptr_t>(&envelope->payload()) % 128 == 0);
    CHECK(envelope->payload().value == 3);
    end(envelope);
}

TEST_CASE("a payload that throws on the way in leaves nothing behind") {
    const std::size_t before = in_use();
    CHECK_THROWS_AS(make<throws_on_move>(throws_on_move{}), std::runtime_error);
    CHECK_THROWS_AS(make<large_and_throwing<1000>>(large_and_throwing<1000>{}), std::runtime_error);
    CHECK(in_use() == before);
}

TEST_CASE("without memory create throws and the message is intact") {
    const std::size_t before = in_use();
    auto message = std::make_unique<sized<5000>>();
    int failures = 0;
    {
        const drover_test::failing_new refuse(0, 1000);
        try {
            make<sized<5000>>(*message);
        } catch (const std::bad_alloc&) {
            failures += 1;
        }
    }
    CHECK(failures == 1);
    CHECK(in_use() == before);

    // No block either: the pool is emptied first.
    std::vector<void*> blocks;
    blocks.reserve(1'500'000);  // more than the pool ever keeps
    auto small = std::make_unique<int>(4);
    {
        const drover_test::failing_new refuse;
        try {
            for (;;) {
                blocks.push_back(block_pool::allocate(0));
            }
        } catch (const std::bad_alloc&) {
            failures += 1;
        }
        try {
            make<std::unique_ptr<int>>(std::move(small));
        } catch (const std::bad_alloc&) {
            failures += 1;
        }
    }
    CHECK(failures == 3);
    REQUIRE(small != nullptr);
    CHECK(*small == 4);
    for (void* each : blocks) {
        block_pool::release(each, 0);
    }
    CHECK(in_use() == before);
}

TEST_CASE("a stamp travels in the envelope and only then takes room") {
    STATIC_REQUIRE(sizeof(envelope<turn, no_stamp>) == 16);
    STATIC_REQUIRE(sizeof(envelope<turn, stamped>) == 24);
    auto* const envelope = sample<int, stamped>::create(&record_of<int, stamped>(), 9);
    CHECK(envelope->stamp.when == 5);
    CHECK(envelope->payload() == 9);
    envelope->destroy_payload();
    release_envelope<turn, stamped>(envelope);
}

TEST_CASE("a node that is not from the pool is left alone") {
    const record own{nullptr, nullptr, record::not_pooled, "own"};
    envelope<turn, no_stamp> node(&own);
    const std::size_t before = in_use();
    release_envelope<turn, no_stamp>(&node);
    CHECK(in_use() == before);
    CHECK(node.operations == &own);
}

TEST_CASE("an envelope whose payload is gone has nothing left to destroy") {
    sample<std::string> envelope(&record_of<std::string>(), std::string(100, 'x'));
    CHECK(envelope.payload().size() == 100);
    envelope.destroy_payload();
}
