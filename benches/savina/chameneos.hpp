// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "shape/chameneos.hpp"

namespace benches {

struct chameneos_creature;

struct chameneos_mall {
    struct meet {
        drover::ref<chameneos_creature> who;
        std::uint64_t colour;
    };
    struct faded {
        std::uint64_t met;
        std::uint64_t colour;
    };

    void operator()(meet m);
    void operator()(faded f) {
        met_ += f.met;
        colours_ += f.colour;
        if (++faded_ == shape::creatures) finished_->set_value(shape::chameneos_answer(met_, colours_));
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t meetings_left_;
    drover::ref<chameneos_creature> waiting_{};
    std::uint64_t faded_ = 0;
    std::uint64_t met_ = 0;
    std::uint64_t colours_ = 0;
};

struct chameneos_creature {
    struct start {};
    struct change {
        std::uint64_t colour;
    };
    struct fade {};

    void operator()(start, drover::context& self) { go_to_mall(self); }
    void operator()(chameneos_mall::meet m, drover::context& self) {
        colour_ = shape::complement(colour_, m.colour);
        m.who.tell(change{colour_});
        met_ += 1;
        go_to_mall(self);
    }
    void operator()(change c, drover::context& self) {
        colour_ = c.colour;
        met_ += 1;
        go_to_mall(self);
    }
    void operator()(fade) { mall_.tell(chameneos_mall::faded{met_, colour_}); }

    void go_to_mall(drover::context& self) {
        mall_.tell(chameneos_mall::meet{self.self<chameneos_creature>(), colour_});
    }

    drover::ref<chameneos_mall> mall_;
    std::uint64_t colour_;
    std::uint64_t met_ = 0;
};

inline void chameneos_mall::operator()(meet m) {
    if (meetings_left_ == 0) {
        m.who.tell(chameneos_creature::fade{});
    } else if (!waiting_) {
        waiting_ = std::move(m.who);
    } else {
        meetings_left_ -= 1;
        auto const first = std::exchange(waiting_, {});
        first.tell(std::move(m));
    }
}

/// Chameneos: 100 creatures of 3 colours come to a mall, which brings the second that comes together with the first;
/// the first works out the colour of both, tells the other, and both come again; `messages` meetings in all, after
/// which all fade. Four messages a meeting. Senders: all. Time: from the first start message until the mall has told
/// the main thread how many meetings the creatures saw, and the sum of their colours. Figure: ns per meeting. Savina's
/// sizes (Imam and Sarkar 2014): 100 creatures, 200 000 meetings.
inline outcome chameneos(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const mall = rt.spawn<chameneos_mall>(&finished, messages);
    std::vector<drover::ref<chameneos_creature>> creatures;
    for (std::uint64_t place = 0; place < shape::creatures; ++place)
        creatures.push_back(rt.spawn<chameneos_creature>(mall, place % shape::colours));

    stopwatch const clock;
    for (auto const& creature : creatures) creature.tell(chameneos_creature::start{});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, messages, usage_of_threads("drover/").threads, "3 times the meetings seen, and the colours",
                   answer, shape::chameneos_expected(messages));
}

}  // namespace benches
