#include <drover/routing/route_cache.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/routing/direct_mapped_cache.hpp>
#include <drover/routing/no_cache.hpp>
#include <drover/routing/set_associative_cache.hpp>

using drover::name_view;
using drover::route_entry;

namespace {

// An entry without a registry: one count for the test, and for each cache it is put into one more.
route_entry* make_entry(const std::string& name, std::uint64_t hash) {
    void* const memory = std::malloc(sizeof(route_entry) + name.size());
    return new (memory) route_entry(name_view(name, hash), nullptr, nullptr, [](route_entry* gone) noexcept {
        gone->~route_entry();
        std::free(gone);
    });
}

struct population {
    population(std::size_t count, std::uint64_t seed) {
        for (std::size_t each = 0; each != count; ++each) {
            names.push_back("orders/eu/" + std::to_string(each));
            entries.push_back(make_entry(names.back(), drover::hash_name(names.back(), seed)));
        }
    }
    ~population() {
        for (route_entry* each : entries) {
            CHECK(each->references.load() == 1);
            each->release();
        }
    }
    population(const population&) = delete;
    population& operator=(const population&) = delete;

    name_view view(std::size_t which) const { return {names[which], entries[which]->hash}; }

    std::vector<std::string> names;
    std::vector<route_entry*> entries;
};

// The share of hits of `uses` uniform uses, after as many to fill the cache.
template <class Cache>
double hit_rate(std::size_t names, std::uint64_t seed, std::size_t uses) {
    const population all(names, seed);
    double hits = 0;
    {
        Cache cache;
        std::mt19937_64 random(seed);
        std::uniform_int_distribution<std::size_t> one(0, names - 1);
        for (std::size_t use = 0; use != 2 * uses; ++use) {
            const std::size_t which = one(random);
            if (route_entry* const found = cache.find(all.view(which))) {
                REQUIRE(found == all.entries[which]);
                hits += use >= uses ? 1 : 0;
            } else {
                all.entries[which]->retain();
                cache.insert(*all.entries[which]);
            }
        }
    }
    return hits / static_cast<double>(uses);
}

template <class Cache>
double mean_hit_rate(std::size_t names, std::size_t uses) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        sum += hit_rate<Cache>(names, seed, uses);
    }
    return sum / 20;
}

}  // namespace

TEMPLATE_TEST_CASE("a cache finds what it was given until that is not current", "", drover::direct_mapped_cache<64>,
                   (drover::set_associative_cache<64, 8>), (drover::set_associative_cache<64, 2>)) {
    const population all(3, 0);
    TestType cache;
    CHECK(cache.capacity() == 64);
    CHECK(cache.find(all.view(0)) == nullptr);
    all.entries[0]->retain();
    cache.insert(*all.entries[0]);
    CHECK(cache.find(all.view(0)) == all.entries[0]);
    CHECK(cache.find(all.view(1)) == nullptr);
    all.entries[0]->current = false;
    CHECK(all.entries[0]->references == 2);
    CHECK(cache.find(all.view(0)) == nullptr);
    CHECK(all.entries[0]->references == 1);
    CHECK(cache.find(all.view(0)) == nullptr);
    all.entries[2]->retain();
    cache.insert(*all.entries[2]);
    cache.clear();
    CHECK(all.entries[2]->references == 1);
    CHECK(cache.find(all.view(2)) == nullptr);
}

TEMPLATE_TEST_CASE("a cache counts what it forgot as it was not current any more", "", drover::direct_mapped_cache<64>,
                   (drover::set_associative_cache<64, 8>)) {
    const population all(2, 0);
    TestType cache;
    CHECK(cache.invalidated() == 0);
    CHECK(cache.find(all.view(0)) == nullptr);
    CHECK(cache.invalidated() == 0);  // it was never there
    for (std::uint64_t times = 1; times <= 3; ++times) {
        for (route_entry* each : all.entries) {
            each->current = true;
            each->retain();
            cache.insert(*each);
        }
        CHECK(cache.find(all.view(0)) == all.entries[0]);
        CHECK(cache.find(all.view(1)) == all.entries[1]);
        CHECK(cache.invalidated() == times - 1);
        all.entries[0]->current = false;
        CHECK(cache.find(all.view(0)) == nullptr);
        CHECK(cache.invalidated() == times);
        CHECK(cache.find(all.view(0)) == nullptr);  // forgotten already
        CHECK(cache.find(all.view(1)) == all.entries[1]);
        cache.clear();  // nor is what is taken out otherwise
        CHECK(cache.find(all.view(1)) == nullptr);
        CHECK(cache.invalidated() == times);
    }
}

TEST_CASE("no cache keeps nothing") {
    const population all(1, 0);
    drover::no_cache cache;
    all.entries[0]->retain();
    cache.insert(*all.entries[0]);
    CHECK(cache.find(all.view(0)) == nullptr);
    CHECK(cache.capacity() == 0);
}

TEMPLATE_TEST_CASE("names that share a hash are told apart by their bytes", "", drover::direct_mapped_cache<8>,
                   (drover::set_associative_cache<8, 8>)) {
    route_entry* const one = make_entry("one", 77);
    route_entry* const two = make_entry("two", 77);
    {
        TestType cache;
        one->retain();
        cache.insert(*one);
        CHECK(cache.find(name_view("two", 77)) == nullptr);
        CHECK(cache.find(name_view("one", 77)) == one);
        CHECK(cache.find(name_view("ones", 77)) == nullptr);
        two->retain();
        cache.insert(*two);
        CHECK(cache.find(name_view("two", 77)) == two);
    }
    CHECK(one->references == 1);
    CHECK(two->references == 1);
    one->release();
    two->release();
}

TEST_CASE("a full set replaces its ways in turn, and empty ones first") {
    std::vector<route_entry*> entries;
    drover::set_associative_cache<2, 2> cache;
    const auto add = [&](std::uint64_t hash) {
        entries.push_back(make_entry("n" + std::to_string(hash >> 57U), hash));
        entries.back()->retain();
        cache.insert(*entries.back());
    };
    const auto knows = [&](std::size_t which) {
        return cache.find(name_view(entries[which]->name(), entries[which]->hash)) != nullptr;
    };
    for (std::uint64_t each = 1; each <= 3; ++each) {
        add(each << 57U);
    }
    CHECK_FALSE(knows(0));
    CHECK(knows(1));
    CHECK(knows(2));
    entries[2]->current = false;
    CHECK_FALSE(knows(2));
    add(std::uint64_t{4} << 57U);
    CHECK(knows(1));
    CHECK(knows(3));
    cache.clear();
    for (route_entry* each : entries) {
        CHECK(each->references == 1);
        each->release();
    }
}

TEST_CASE("what was found last and has left its set is not found any more") {
    std::vector<route_entry*> entries;
    drover::set_associative_cache<2, 2> cache;
    const auto find = [&](std::size_t which) {
        return cache.find(name_view(entries[which]->name(), entries[which]->hash));
    };
    for (std::uint64_t each = 1; each <= 3; ++each) {
        entries.push_back(make_entry("orders/" + std::to_string(each), each << 57U | each));
    }
    for (std::size_t each = 0; each != 2; ++each) {
        entries[each]->retain();
        cache.insert(*entries[each]);
        CHECK(find(each) == entries[each]);
        CHECK(find(each) == entries[each]);
    }
    entries[2]->retain();
    cache.insert(*entries[2]);
    CHECK(entries[0]->references == 1);
    CHECK(find(0) == nullptr);
    CHECK(find(1) == entries[1]);
    entries[1]->current = false;
    CHECK(find(1) == nullptr);
    CHECK(entries[1]->references == 1);
    entries[1]->current = true;
    CHECK(find(1) == nullptr);
    CHECK(find(2) == entries[2]);
    cache.clear();
    CHECK(find(2) == nullptr);
    for (route_entry* each : entries) {
        CHECK(each->references == 1);
        each->release();
    }
}

TEST_CASE("8 ways hit more than 99 % of a uniform working set of half their entries") {
    const double eight = mean_hit_rate<drover::set_associative_cache<1024, 8>>(512, 20'000);
    const double four = mean_hit_rate<drover::set_associative_cache<1024, 4>>(512, 20'000);
    const double two = mean_hit_rate<drover::set_associative_cache<1024, 2>>(512, 20'000);
    CAPTURE(eight, four, two);
    CHECK(eight > 0.99);
    CHECK(four > 0.95);
    CHECK(two > 0.86);
    CHECK(two < four);
    CHECK(four < eight);
    INFO(eight << " " << four << " " << two);
    CHECK(eight < 1);
}

TEST_CASE("a direct mapped cache hits within three points of (1 - e^-x) / x") {
    constexpr std::size_t entries = 256;
    for (const std::size_t names : {64U, 128U, 256U, 512U, 1024U, 4096U}) {
        const double x = static_cast<double>(names) / entries;
        const double expected = (1 - std::exp(-x)) / x;
        const double measured = mean_hit_rate<drover::direct_mapped_cache<entries>>(names, 10'000);
        CAPTURE(names, expected, measured);
        CHECK(std::abs(measured - expected) < 0.03);
    }
}

TEST_CASE("a cache that is none keeps nothing") {
    route_entry* const entry = make_entry("n", 7);
    entry->retain();
    drover::no_cache none;
    none.insert(*entry);
    CHECK(none.find(name_view("n", 7)) == nullptr);
    none.clear();
    CHECK(none.capacity() == 0);
    entry->release();
}
