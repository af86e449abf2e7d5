#include <drover/base/detail/block_depot.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"

using namespace drover::detail;
using drover_test::failing_new;

// A depot has no destructor, as the real ones are never destroyed: each test has one of its own for the whole process,
// and retires what it took, so that it does not look like a leak.
namespace {

constexpr std::uint8_t biggest = block_classes - 1;

bool refuses(block_depot& depot, block_magazine* empty, std::size_t smallest) {
    const failing_new refuse(0, smallest);
    try {
        depot.exchange_empty(empty, biggest);
        return false;
    } catch (const std::bad_alloc&) {
        return true;
    }
}

void retire_all(block_depot& depot, const std::vector<block_magazine*>& magazines) {
    for (block_magazine* each : magazines) {
        depot.retire(each);
    }
}

std::vector<block_magazine*> take_magazines(block_depot& depot, std::size_t count, std::uint8_t size_class) {
    std::vector<block_magazine*> magazines;
    while (magazines.size() != count) {
        magazines.push_back(depot.exchange_empty(&no_magazine, size_class));
    }
    return magazines;
}

// What the kernel says of the memory that `address` is in: "rd wr mr mw me ac hg".
std::string flags_of(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream map("/proc/self/smaps");
    bool inside = false;
    for (std::string line; std::getline(map, line);) {
        std::istringstream words(line);
        std::uintptr_t first = 0;
        std::uintptr_t last = 0;
        char dash = 0;
        if (words >> std::hex >> first >> dash >> last && dash == '-') {
            inside = first <= wanted && wanted < last;
        } else if (inside && line.starts_with("VmFlags:")) {
            return line.substr(8);
        }
    }
    return {};
}

}  // namespace

TEST_CASE("a slab gives every block once and takes them back") {
    slab* const fresh = slab::create(512, false);
    CHECK(fresh->empty());
    std::set<void*> blocks;
    while (!fresh->full()) {
        void* const block = fresh->take();
        REQUIRE(slab::of(block) == fresh);
        REQUIRE(reinterpret_cast<std::uintptr_t>(block) % block_granule == 0);
        blocks.insert(block);
    }
    CHECK(blocks.size() > slab_bytes / 512 * 9 / 10);
    CHECK_FALSE(fresh->empty());
    void* const one = *blocks.begin();
    fresh->give(one);
    CHECK_FALSE(fresh->full());
    CHECK(fresh->take() == one);
    for (void* each : blocks) {
        fresh->give(each);
    }
    CHECK(fresh->empty());
    slab::destroy(fresh);
}

TEST_CASE("a slab to which all blocks came back gives them side by side, whatever their order was") {
    slab* const fresh = slab::create(32, true);
    std::vector<std::byte*> blocks;
    for (int each = 0; each != 8; ++each) {
        blocks.push_back(static_cast<std::byte*>(fresh->take()));
    }
    for (const std::size_t each : {3U, 0U, 7U, 1U, 6U, 2U, 5U, 4U}) {
        fresh->give(blocks[each]);
    }
    CHECK(fresh->empty());
    for (std::byte* const each : blocks) {
        CHECK(fresh->take() == each);
    }
    for (std::byte* const each : blocks) {
        fresh->give(each);
    }
    slab::destroy(fresh);
}

TEST_CASE("exchange_empty fills a new magazine, or the one it was given") {
    static block_depot depot;
    block_magazine* const first = depot.exchange_empty(&no_magazine, 0);
    CHECK(first != &no_magazine);
    CHECK(first->count == block_magazine::size);
    CHECK(depot.outstanding() == block_magazine::size);
    CHECK(depot.reserved_bytes() == slab_bytes);
    depot.retire(first);
    CHECK(depot.outstanding() == 0);
    block_magazine* const again = depot.exchange_empty(&no_magazine, 0);
    CHECK(again == first);
    again->count = 0;  // 128 blocks stay in use
    CHECK(depot.exchange_empty(again, 0) == again);
    CHECK(again->count == block_magazine::size);
    CHECK(depot.outstanding() == std::size_t{2} * block_magazine::size);
    depot.retire(again);
}

TEST_CASE("new magazines give blocks by rising addresses, and one goes on where the last one ended") {
    static block_depot depot;
    const auto magazines = take_magazines(depot, 3, 1);
    const auto* expected = static_cast<const std::byte*>(magazines[0]->blocks[block_magazine::size - 1]);
    for (block_magazine* each : magazines) {
        for (std::uint32_t left = each->count; left != 0; --left) {
            REQUIRE(each->blocks[left - 1] == expected);
            expected += bytes_of_class(1);
        }
    }
    retire_all(depot, magazines);
}

TEST_CASE("where there are huge pages the kernel is asked for them, from the second slab on") {
    if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
        WARN("this kernel has no transparent huge pages");
        return;
    }
    static block_depot depot;
    std::vector<block_magazine*> magazines = take_magazines(depot, 1, biggest);
    while (depot.reserved_bytes() == slab_bytes) {
        magazines.push_back(depot.exchange_empty(&no_magazine, biggest));
    }
    const std::string second = flags_of(slab::of(magazines.back()->blocks[0]));
    CAPTURE(second);
    CHECK(second.find(" hg") != std::string::npos);
    retire_all(depot, magazines);
}

TEST_CASE("full magazines travel whole") {
    static block_depot depot;
    block_magazine* const full = depot.exchange_empty(&no_magazine, 0);
    const std::size_t reserved = depot.reserved_bytes();
    block_magazine* const room = depot.exchange_full(full);
    CHECK(room != full);
    CHECK(room->count == 0);
    CHECK(room->capacity == block_magazine::size);
    CHECK(depot.outstanding() == 0);
    CHECK(depot.exchange_empty(room, 0) == full);
    CHECK(full->count == block_magazine::size);
    CHECK(depot.outstanding() == block_magazine::size);
    CHECK(depot.reserved_bytes() == reserved);
    // The empty one was kept: no memory is needed for the next.
    std::size_t refused = 0;
    block_magazine* next = nullptr;
    {
        const failing_new refuse;
        next = depot.exchange_full(&no_magazine);
        refused = refuse.refused();
    }
    CHECK(next == room);
    CHECK(refused == 0);
    retire_all(depot, {next, full});
}

TEST_CASE("without memory for a magazine or a slab exchange_empty throws and keeps what it has") {
    static block_depot depot;
    CHECK(refuses(depot, &no_magazine, 0));
    CHECK(refuses(depot, &no_magazine, slab_bytes));  // the magazine it could make is kept
    block_magazine* const own = depot.exchange_full(&no_magazine);
    CHECK(own != &no_magazine);
    CHECK(refuses(depot, own, slab_bytes));
    CHECK(own->count == 0);
    block_magazine* none = nullptr;
    {
        const failing_new refuse;
        none = depot.exchange_full(&no_magazine);
    }
    CHECK(none == &no_magazine);  // `own` is still the caller's and is not given to anybody else
    CHECK(depot.outstanding() == 0);
    CHECK(depot.reserved_bytes() == 0);
    CHECK(depot.exchange_empty(own, biggest) == own);
    CHECK(own->count == block_magazine::size);
    depot.retire(own);
}

TEST_CASE("a magazine may be filled in part when memory ends") {
    static block_depot depot;
    std::vector<block_magazine*> magazines = take_magazines(depot, 1, biggest);
    std::size_t blocks = magazines.back()->count;
    {
        const failing_new refuse(0, slab_bytes);
        while (magazines.back()->count == block_magazine::size) {
            magazines.push_back(depot.exchange_empty(&no_magazine, biggest));
            blocks += magazines.back()->count;
        }
    }
    CHECK(magazines.back()->count > 0);
    CHECK(depot.outstanding() == blocks);
    CHECK(depot.reserved_bytes() == slab_bytes);
    CHECK(refuses(depot, &no_magazine, slab_bytes));
    retire_all(depot, magazines);
    CHECK(depot.outstanding() == 0);
}

TEST_CASE("without memory for a magazine exchange_full empties the one it was given") {
    static block_depot depot;
    block_magazine* const full = depot.exchange_empty(&no_magazine, 0);
    block_magazine* room = nullptr;
    block_magazine* none = nullptr;
    {
        const failing_new refuse;
        room = depot.exchange_full(full);
        none = depot.exchange_full(&no_magazine);
    }
    CHECK(room == full);
    CHECK(full->count == 0);
    CHECK(none == &no_magazine);
    CHECK(depot.outstanding() == 0);
    depot.retire(full);
}

TEST_CASE("a single block goes back to its slab") {
    static block_depot depot;
    block_magazine* const full = depot.exchange_empty(&no_magazine, 0);
    depot.give_one(full->blocks[--full->count]);
    CHECK(depot.outstanding() == block_magazine::size - 1);
    depot.retire(full);
    CHECK(depot.outstanding() == 0);
}

TEST_CASE("retiring no magazine does nothing") {
    static block_depot depot;
    depot.retire(&no_magazine);
    CHECK(refuses(depot, &no_magazine, 0));
    CHECK(no_magazine.capacity == 0);
    CHECK(no_magazine.next == nullptr);
}

TEST_CASE("a depot keeps full magazines and empty slabs up to their bounds") {
    static block_depot depot;
    const std::size_t magazine_bytes = block_magazine::size * bytes_of_class(biggest);
    const std::vector<block_magazine*> magazines =
        take_magazines(depot, 2 * (depot_bytes + spare_bytes) / magazine_bytes, biggest);
    CHECK(depot.reserved_bytes() >= 2 * (depot_bytes + spare_bytes));
    std::vector<block_magazine*> rooms;
    for (block_magazine* each : magazines) {
        rooms.push_back(depot.exchange_full(each));
    }
    CHECK(depot.outstanding() == 0);
    CHECK(depot.reserved_bytes() >= depot_bytes + spare_bytes);
    CHECK(depot.reserved_bytes() <= depot_bytes + spare_bytes + 3 * slab_bytes);
    // Take what is kept and give it back as the threads that end do: the slabs stay up to their bound.
    std::vector<block_magazine*> rest;
    for (std::size_t each = 0; each != depot_bytes / magazine_bytes; ++each) {
        rest.push_back(depot.exchange_empty(rooms[each], biggest));
    }
    retire_all(depot, rest);
    CHECK(depot.outstanding() == 0);
    CHECK(depot.reserved_bytes() == spare_bytes);
    // What is kept is used before more is asked for.
    const std::vector<block_magazine*> again = take_magazines(depot, spare_bytes / magazine_bytes * 9 / 10, biggest);
    CHECK(depot.reserved_bytes() == spare_bytes);
    retire_all(depot, again);
    rooms.erase(rooms.begin(), rooms.begin() + static_cast<std::ptrdiff_t>(rest.size()));
    retire_all(depot, rooms);
}

TEST_CASE("slabs that fill and empty out of order keep their list whole") {
    static block_depot depot;
    // Several slabs' worth; every other block comes back, half of that is taken again, and then the rest comes back.
    const std::size_t count = 4 * slab_bytes / (bytes_of_class(biggest)) / block_magazine::size;
    const std::vector<block_magazine*> magazines = take_magazines(depot, count, biggest);
    std::vector<void*> even;
    std::vector<void*> odd;
    for (block_magazine* each : magazines) {
        for (std::uint32_t block = 0; block != each->count; ++block) {
            (block % 2 == 0 ? even : odd).push_back(each->blocks[block]);
        }
        each->count = 0;
    }
    for (void* each : even) {
        depot.give_one(each);
    }
    CHECK(depot.outstanding() == odd.size());
    const std::size_t reserved = depot.reserved_bytes();
    CHECK(reserved >= 4 * slab_bytes);
    const std::size_t refilled = magazines.size() / 4;
    std::set<void*> blocks(odd.begin(), odd.end());
    for (std::size_t each = 0; each != refilled; ++each) {
        REQUIRE(depot.exchange_empty(magazines[each], biggest) == magazines[each]);
        REQUIRE(magazines[each]->count == block_magazine::size);
        blocks.insert(magazines[each]->blocks.begin(), magazines[each]->blocks.end());
    }
    CHECK(depot.reserved_bytes() == reserved);
    CHECK(blocks.size() == odd.size() + refilled * block_magazine::size);  // no block is given twice
    retire_all(depot, magazines);
    for (void* each : odd) {
        depot.give_one(each);
    }
    CHECK(depot.outstanding() == 0);
    CHECK(depot.reserved_bytes() == reserved);
    // And all of them can be had again, each once.
    blocks.clear();
    const std::vector<block_magazine*> again = take_magazines(depot, count, biggest);
    for (const block_magazine* each : again) {
        REQUIRE(each->count == block_magazine::size);
        blocks.insert(each->blocks.begin(), each->blocks.end());
    }
    CHECK(blocks.size() == count * block_magazine::size);
    CHECK(depot.reserved_bytes() == reserved);
    retire_all(depot, again);
}

TEST_CASE("a slab that goes from the middle takes no other with it") {
    static block_depot depot;
    constexpr std::size_t kept = spare_bytes / slab_bytes;
    const std::size_t magazine_bytes = block_magazine::size * bytes_of_class(biggest);
    const std::vector<block_magazine*> magazines =
        take_magazines(depot, (kept + 8) * slab_bytes / magazine_bytes, biggest);
    std::vector<slab*> slabs;  // in the order they were filled
    std::map<slab*, std::vector<void*>> blocks;
    for (block_magazine* each : magazines) {
        while (each->count != 0) {
            void* const block = each->blocks[--each->count];
            std::vector<void*>& home = blocks[slab::of(block)];
            if (home.empty()) {
                slabs.push_back(slab::of(block));
            }
            home.push_back(block);
        }
    }
    retire_all(depot, magazines);
    REQUIRE(slabs.size() >= kept + 8);
    const std::size_t per_slab = blocks[slabs[0]].size();
    std::size_t free = 0;
    const auto give = [&](std::size_t index, std::size_t rest) {
        std::vector<void*>& home = blocks[slabs[index]];
        while (home.size() > rest) {
            depot.give_one(home.back());
            home.pop_back();
            free += 1;
        }
    };
    for (std::size_t each = 0; each != kept + 8; ++each) {
        give(each, blocks[slabs[each]].size() / 2);  // each has room now, and a place in the list
    }
    for (std::size_t each = 0; each != kept; ++each) {
        give(each, 0);
    }
    const std::size_t reserved = depot.reserved_bytes();
    give(kept + 3, 0);  // one too many: gone, and then its neighbour
    give(kept + 2, 0);
    CHECK(depot.reserved_bytes() == reserved - 2 * slab_bytes);
    free -= 2 * per_slab;

    std::vector<block_magazine*> again;
    bool threw = false;
    {
        again.reserve(free / block_magazine::size);
        const failing_new refuse(0, slab_bytes);
        try {
            while (again.size() != free / block_magazine::size) {
                again.push_back(depot.exchange_empty(&no_magazine, biggest));
            }
        } catch (const std::bad_alloc&) {
            threw = true;
        }
    }
    CHECK_FALSE(threw);
    CHECK(again.back()->count == block_magazine::size);
    retire_all(depot, again);
    for (std::size_t each = 0; each != slabs.size(); ++each) {
        give(each, 0);
    }
    CHECK(depot.outstanding() == 0);
}
