// The actors that do something.
#pragma once

#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "books.hpp"
#include "world.hpp"

namespace soak {

/// Sets off timers, asks, watches, stops and failures, all at random.
class member {
public:
    member(world* all, std::size_t seat) : all_(*all), seat_(seat), random_(all->choices(seat)) {
        // Seldom enough for the 77 of a team that restart together to come to an end.
        if (random_.below(1000) == 0) {
            throw planned_failure{directive::restart};
        }
    }

    void started(context& me) {
        all_.members.put(seat_, me.self<member>());
        maybe_fail(random_, 2000);
    }

    void operator()(poke, context& me) {
        if (!all_.calm.load(std::memory_order_relaxed)) {
            act(me);
        }
        the_books.add(entry::handled, all_.wrong == mistake::count && random_.below(10'000) == 0 ? 2 : 1);
    }

    int operator()(const note& n) {
        maybe_fail(random_, 3000);
        if (all_.wrong == mistake::message && random_.below(2'000) == 0) {
            new token();
        }
        if (all_.wrong == mistake::memory && random_.below(10) == 0) {
            drover::block_pool::allocate(0);
        }
        the_books.add(entry::handled);
        return n.number + 1;
    }

    drover::task<int> operator()(journey j) {
        int sum = 0;
        the_books.add(entry::asks_awaited);
        the_books.add(entry::sent);
        note question{j.number};  // with a name, because g++ 12 destroys a temporary of this expression twice
        const auto got = co_await peer().ask(std::move(question), 20ms).as_result();
        sum += got ? got.value() : 0;
        maybe_fail(random_, 1000);
        if (random_.below(4) == 0 && !all_.calm.load(std::memory_order_relaxed)) {
            co_await drover::sleep_for(std::chrono::microseconds(random_.below(2000)));
        }
        the_books.add(entry::handled);
        co_return sum;
    }

    void operator()(const alarm&) {
        maybe_fail(random_, 2000);
        the_books.add(entry::handled);
        the_books.add(entry::timed_handled);
    }

    void operator()(const tick&) {
        if (all_.calm.load(std::memory_order_relaxed)) {
            cancel_rounds();
        }
        the_books.add(entry::handled);
        the_books.add(entry::timed_handled);
    }

    void operator()(const drover::stopped_event& heard) {
        the_books.add(entry::notices);
        std::erase(watched_, heard.actor);
    }

private:
    drover::ref<member> peer() { return all_.members.at(random_.below(static_cast<std::uint32_t>(seats))); }

    void act(context& me) {
        const std::uint32_t what = random_.below(1000);
        if (what < 500) {
            tell(peer(), note{1});
        } else if (what < 600) {
            ask_peer(me);
        } else if (what < 680) {
            tell(me.self<member>(), journey{static_cast<int>(what)});
        } else if (what < 780) {
            put_off(me);
        } else if (what < 820) {
            go_round(me);
        } else if (what < 900) {
            watch_peer(me);
        } else if (what < 920) {
            peer().stop();
        } else if (what < 925) {
            me.stop();
        } else if (what < 930) {
            me.stop_when_drained();
        } else if (what < 940) {
            maybe_fail(random_, 2);
        }
    }

    void ask_peer(context& me) {
        the_books.add(entry::asks_then);
        the_books.add(entry::sent);
        auto asked = random_.below(2) == 0 ? peer().ask(note{2}) : peer().ask(note{3}, 30ms);
        if (random_.below(8) == 0) {
            return;  // nobody wants the reply
        }
        std::move(asked).then(me, [this, held = token()](const auto& reply) {
            if (reply && reply.value() == 3) {
                maybe_fail(random_, 2000);
            }
        });
    }

    void put_off(context& me) {
        if (random_.below(2) == 0 && later_.cancel()) {
            the_books.add(entry::timed_cancelled);
        }
        the_books.add(entry::timed_set);
        later_ = me.self<member>().tell_after(std::chrono::microseconds(1 + random_.below(100'000)), alarm{});
    }

    void go_round(context& me) {
        cancel_rounds();
        if (random_.below(3) != 0) {
            the_books.add(entry::timed_set);
            rounds_ = me.self<member>().tell_every(std::chrono::microseconds(20'000 + random_.below(100'000)), tick{});
        }
    }

    void cancel_rounds() {
        if (rounds_.cancel()) {
            the_books.add(entry::timed_cancelled);
        }
    }

    void watch_peer(context& me) {
        if (watched_.size() < 4) {
            const drover::handle whom = peer();
            if (me.watch<member>(whom)) {
                the_books.add(entry::watches);
                watched_.push_back(whom);
            }
        } else {
            me.unwatch(watched_.front());
            watched_.erase(watched_.begin());
        }
    }

    counted_state counted_{};
    world& all_;
    std::size_t seat_;
    drover::random_source random_;
    drover::timer_handle later_{};
    drover::scoped_timer rounds_{};
    std::vector<drover::handle> watched_{};
};

}  // namespace soak
