#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "drover/actor/handle.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/ref.hpp"

namespace drover {

/// What a pool's handles ask of its controller; each is answered when the change is in force.
struct add_member {
    std::optional<double> weight;
};
template <class F>
struct change_member {
    enum kind_type : std::uint8_t { remove, drain, weigh, well, unwell };

    basic_handle<F> member;
    kind_type kind;
    double weight = 0;
};
struct resize_pool {
    std::size_t members;
};

/// Answers that wait for the table in which they are true.
template <class A, class F>
class pool_changes {
public:
    void added(basic_promise<ref<A, F>, F>&& to, const ref<A, F>& fresh) { added_.emplace_back(std::move(to), fresh); }
    void changed(basic_promise<bool, F>&& to, bool was_member) { changed_.emplace_back(std::move(to), was_member); }
    void resized(basic_promise<std::size_t, F>&& to, std::size_t members) {
        resized_.emplace_back(std::move(to), members);
    }

    /// There is no room for members more than `members`; who asked for no more than that has what it asked for.
    void refuse_more(const std::exception_ptr& why, std::size_t members) noexcept {
        fail_all(added_, why);
        for (auto& [to, wanted] : resized_) {
            if (wanted > members) {
                to.fail(why);
            }
        }
        std::erase_if(resized_, [members](const auto& each) { return each.second > members; });
    }

    void answer() noexcept {
        answer_all(added_);
        answer_all(changed_);
        answer_all(resized_);
    }

private:
    template <class R>
    using list = std::vector<std::pair<basic_promise<R, F>, R>>;

    template <class R>
    static void answer_all(list<R>& all) noexcept {
        for (auto& [to, what] : std::exchange(all, {})) {
            to.set(std::move(what));
        }
    }
    template <class R>
    static void fail_all(list<R>& all, const std::exception_ptr& why) noexcept {
        for (auto& each : std::exchange(all, {})) {
            each.first.fail(why);
        }
    }

    list<ref<A, F>> added_;
    list<bool> changed_;
    list<std::size_t> resized_;
};

}  // namespace drover
