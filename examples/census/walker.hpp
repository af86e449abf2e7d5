// The actors that look through directories.
#pragma once

#include "collector.hpp"
#include "messages.hpp"
#include "screen.hpp"
#include "walk.hpp"

#include <drover/drover.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace census {

/// Finds files ahead of the parsers, but `most_waiting` of them at most. Where it could loop it tells itself to go on
/// instead, so that a parser that asks is answered after one slice, and no thread is kept for long.
class walker {
public:
    static constexpr std::size_t slice = 64;  // directory entries
    static constexpr std::size_t batch = 16;  // files handed out at once
    static constexpr std::size_t most_waiting = 1024;

    walker(std::vector<std::string> directories, drover::ref<collector> results, drover::ref<screen> display)
        : sources_(std::move(directories)), collector_(std::move(results)), screen_(std::move(display)) {}

    void started(drover::context& me) { go_on_if_room(me); }

    void operator()(want more, drover::context& me) {
        hungry_.push_back(std::move(more.parser));
        hand_out();
        go_on_if_room(me);
    }

    void operator()(go_on, drover::context& me) {
        going_on_ = false;
        for (std::size_t looked = 0; looked != slice && !finished_; ++looked) {
            switch (sources_.next()) {
                case walk::step::file: found_.push_back(sources_.path()); break;
                case walk::step::skipped: skipped_.add(sources_.reason()); break;
                case walk::step::nothing: break;
                case walk::step::finished: finish(); break;
            }
        }
        hand_out();
        go_on_if_room(me);
    }

    void operator()(halt) {
        found_.clear();
        finish();
        hand_out();
    }

private:
    void hand_out() {
        while (!hungry_.empty() && (finished_ || !found_.empty())) {
            const auto end = found_.begin() + static_cast<std::ptrdiff_t>(std::min(batch, found_.size()));
            work some;
            some.files.assign(std::move_iterator(found_.begin()), std::move_iterator(end));
            hungry_.back().tell(std::move(some));
            hungry_.pop_back();
            found_.erase(found_.begin(), end);
        }
        screen_.tell(waiting{found_.size()});
    }

    void go_on_if_room(drover::context& me) {
        if (!finished_ && !going_on_ && found_.size() + slice <= most_waiting) {
            going_on_ = true;
            me.self<walker>().tell(go_on{});
        }
    }

    void finish() {
        if (!finished_) {
            finished_ = true;
            collector_.tell(walked{skipped_});
        }
    }

    walk sources_;
    drover::ref<collector> collector_;
    drover::ref<screen> screen_;
    std::deque<std::string> found_;
    std::vector<drover::recipient<work>> hungry_;
    skip_counts skipped_;
    bool going_on_ = false;  // a go_on is on its way
    bool finished_ = false;
};

/// Runs ahead of the walker and only counts, so that the screen knows how much is left although the walker waits for
/// the parsers. It remembers no file, so it need not wait for anybody. Of use only where there is a screen.
class surveyor {
public:
    static constexpr std::size_t slice = 256;  // directory entries

    surveyor(std::vector<std::string> directories, drover::ref<screen> display)
        : sources_(std::move(directories)), screen_(std::move(display)) {}

    void started(drover::context& me) { me.self<surveyor>().tell(go_on{}); }

    void operator()(go_on, drover::context& me) {
        for (std::size_t looked = 0; looked != slice && !seen_.finished; ++looked) {
            const walk::step step = sources_.next();
            seen_.finished = step == walk::step::finished;
            if (step == walk::step::file) {
                struct stat file{};
                const bool known = ::lstat(sources_.path().c_str(), &file) == 0;
                seen_.files += 1;
                seen_.bytes += known ? static_cast<std::uint64_t>(file.st_size) : 0;
            }
        }
        screen_.tell(seen_);
        if (!seen_.finished) {
            me.self<surveyor>().tell(go_on{});
        }
    }

    void operator()(halt) { seen_.finished = true; }

private:
    walk sources_;
    drover::ref<screen> screen_;
    survey seen_;
};

}  // namespace census
