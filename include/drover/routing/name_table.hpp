#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <tsl/robin_set.h>

#include "drover/routing/route_entry.hpp"
#include "drover/scheduling/snapshot.hpp"

namespace drover {

/// What writers have replaced, for core_record::retire() once they have let go of their lock.
class retired_chain {
public:
    void append(retired& gone) noexcept {
        gone.next_retired = first_;
        first_ = &gone;
    }
    void retire_to(core_record& core) noexcept {
        while (first_ != nullptr) {
            retired* const gone = std::exchange(first_, first_->next_retired);
            core.retire(*gone);
        }
    }

private:
    retired* first_ = nullptr;
};

/// All names: found by readers without a lock, changed by one writer at a time. A directory of shards that doubles as
/// names grow; each shard is an immutable hash map (tsl::robin_set, with the hashes that the names bring along) that a
/// writer replaces by a changed copy. A look-up is two loads and a search among few names; a change copies one shard.
class name_table {
public:
    static constexpr std::size_t names_per_shard = 16;  ///< on average, when the directory doubles

    name_table() : directory_(new directory(1)) {}

    /// No readers any more.
    ~name_table() {
        directory* const last = directory_.present();
        for (std::size_t each = 0; each <= last->mask; ++each) {
            if (shard* const one = last->shards[each].present()) {
                for (route_entry* entry : one->entries) {
                    entry->release();
                }
                delete one;
            }
        }
        delete last;
    }

    name_table(const name_table&) = delete;
    name_table& operator=(const name_table&) = delete;

    /// Null if nobody holds `name`. The entry may lose its name at any time, and stays alive during the scope.
    route_entry* find(const read_scope& scope, name_view name) const noexcept {
        for (const route_entry* before = nullptr;;) {
            const directory* const all = directory_.read(scope);
            const shard* const one = all->shards[name.hash() & all->mask].read(scope);
            route_entry* const found = one != nullptr ? one->find(name) : nullptr;
            // Acquires what displaced it: a name that passes from one actor to another is never unknown in between.
            if (found == nullptr || found->current.load(std::memory_order_acquire)) [[likely]] {
                return found;
            }
            if (found == before) {
                return nullptr;
            }
            before = found;
        }
    }

    /// As find(), by the writer.
    route_entry* find(name_view name) const noexcept {
        const shard* const one = slot(name.hash()).present();
        return one != nullptr ? one->find(name) : nullptr;
    }

    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

    /// By the writer. From now on the name of `fresh` leads there; an entry that it displaces is not current any more,
    /// and goes to `garbage`. Throws std::bad_alloc; then nothing has changed.
    void put(route_entry& fresh, retired_chain& garbage) {
        const name_view name(fresh.name(), fresh.hash);
        if (size() >= names_per_shard * (directory_.present()->mask + 1)) {
            grow(garbage);
        }
        snapshot<shard>& at = slot(name.hash());
        const shard* const before = at.present();
        auto changed = before != nullptr ? std::make_unique<shard>(*before) : std::make_unique<shard>();
        route_entry* const displaced = changed->find(name);
        if (displaced != nullptr) {
            changed->entries.erase(displaced);
        }
        changed->entries.insert(&fresh);
        publish(at, changed.release(), garbage);
        if (displaced != nullptr) {
            dismiss(*displaced, garbage);
        } else {
            resize(1);
        }
    }

    /// By the writer. `gone`, which is in the table, is not current any more. Without memory it stays there as such
    /// until its name or shard is changed again.
    void erase(route_entry& gone, retired_chain& garbage) noexcept {
        gone.current.store(false, std::memory_order_release);
        try {
            snapshot<shard>& at = slot(gone.hash);
            auto changed = std::make_unique<shard>(*at.present());
            changed->entries.erase(&gone);
            publish(at, changed->entries.empty() ? nullptr : changed.release(), garbage);
            dismiss(gone, garbage);
            resize(-1);
        } catch (const std::bad_alloc&) {
            return;
        }
    }

    /// By the writer or by a reader, who may miss what changes meanwhile.
    template <class Visit>
    void visit(const read_scope& scope, Visit visit) const {
        const directory* const all = directory_.read(scope);
        for (std::size_t each = 0; each <= all->mask; ++each) {
            if (const shard* const one = all->shards[each].read(scope)) {
                for (route_entry* entry : one->entries) {
                    visit(*entry);
                }
            }
        }
    }

private:
    struct hash_of {
        using is_transparent = void;
        // The lower half has chosen the shard.
        std::size_t operator()(const route_entry* entry) const noexcept { return entry->hash >> 32U; }
        std::size_t operator()(const name_view& name) const noexcept { return name.hash() >> 32U; }
    };
    struct same_name {
        using is_transparent = void;
        bool operator()(const route_entry* a, const route_entry* b) const noexcept { return a == b; }
        bool operator()(const route_entry* a, const name_view& b) const noexcept { return a->is_named(b); }
    };
    using entry_set = tsl::robin_set<route_entry*, hash_of, same_name, std::allocator<route_entry*>, true>;

    struct shard : retired {
        shard() : retired(&destroy) {}
        shard(const shard& other) : retired(&destroy), entries(other.entries) {}
        static void destroy(retired* self) noexcept { delete static_cast<shard*>(self); }

        route_entry* find(name_view name) const noexcept {
            const auto found = entries.find(name);
            return found != entries.end() ? *found : nullptr;
        }

        entry_set entries;
    };

    struct directory : retired {
        explicit directory(std::size_t count)
            : retired(&destroy), mask(count - 1), shards(new snapshot<shard>[count]) {}
        static void destroy(retired* self) noexcept { delete static_cast<directory*>(self); }

        const std::size_t mask;
        const std::unique_ptr<snapshot<shard>[]> shards;
    };

    snapshot<shard>& slot(std::uint64_t hash) const noexcept {
        const directory* const all = directory_.present();
        return all->shards[hash & all->mask];
    }

    static void publish(snapshot<shard>& at, shard* fresh, retired_chain& garbage) noexcept {
        if (shard* const old = at.replace(fresh)) {
            garbage.append(*old);
        }
    }

    // After it cannot be found any more.
    static void dismiss(route_entry& gone, retired_chain& garbage) noexcept {
        gone.current.store(false, std::memory_order_release);
        garbage.append(gone);
    }

    void resize(std::ptrdiff_t by) noexcept {
        size_.store(size_.load(std::memory_order_relaxed) + static_cast<std::size_t>(by), std::memory_order_relaxed);
    }

    // All shards anew, each split in two. Readers go on in the old directory until they look again.
    void grow(retired_chain& garbage) {
        directory* const old = directory_.present();
        auto fresh = std::make_unique<directory>(2 * (old->mask + 1));
        try {
            for (std::size_t each = 0; each <= old->mask; ++each) {
                if (const shard* const one = old->shards[each].present()) {
                    for (route_entry* entry : one->entries) {
                        snapshot<shard>& at = fresh->shards[entry->hash & fresh->mask];
                        if (at.present() == nullptr) {
                            static_cast<void>(at.replace(new shard));
                        }
                        at.present()->entries.insert(entry);
                    }
                }
            }
        } catch (...) {
            for (std::size_t each = 0; each <= fresh->mask; ++each) {
                delete fresh->shards[each].present();
            }
            throw;
        }
        garbage.append(*directory_.replace(fresh.release()));
        for (std::size_t each = 0; each <= old->mask; ++each) {
            if (shard* const one = old->shards[each].present()) {
                garbage.append(*one);
            }
        }
    }

    snapshot<directory> directory_;
    std::atomic<std::size_t> size_{0};
};

}  // namespace drover
