// The actors that look through directories.
#pragma once

#include "collector.hpp"
#include "messages.hpp"
#include "parser.hpp"
#include "screen.hpp"
#include "walk.hpp"

#include <drover/drover.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace census {

/// Finds files and hands them to the parsers, in turn, as long as one of them has not enough. Where it could loop it tells
/// itself to go on instead, so that no thread is kept for long.
class walker {
public:
    static constexpr std::size_t slice = 64;  // directory entries
    static constexpr std::size_t batch = 16;  // files handed out at once

    walker(std::vector<std::string> directories, std::vector<drover::ref<parser>> readers,
           drover::ref<collector> results, drover::ref<screen> display)
        : sources_(std::move(directories)),
          readers_(std::move(readers)),
          collector_(std::move(results)),
          screen_(std::move(display)) {}

    void started(drover::context& me) {
        for (const drover::ref<parser>& one : readers_) {
            drover::subscribe_water(one, drover::recipient<drover::water_level>(me.self<walker>()));
            thirsty_.push_back(one);
        }
        go_on_if_wanted(me);
    }

    void operator()(go_on, drover::context& me) {
        going_on_ = false;
        for (std::size_t looked = 0; looked != slice && !finished_ && !thirsty_.empty(); ++looked) {
            switch (sources_.next()) {
                case walk::step::file: found(sources_.path()); break;
                case walk::step::skipped: skipped_.add(sources_.reason()); break;
                case walk::step::nothing: break;
                case walk::step::finished: finish(); break;
            }
        }
        go_on_if_wanted(me);
    }

    void operator()(drover::water_level now, drover::context& me) {
        if (!now.above) {
            const auto reader = std::find_if(readers_.begin(), readers_.end(),
                                             [&](const drover::ref<parser>& one) { return one.id() == now.actor; });
            thirsty_.push_back(*reader);
        }
        go_on_if_wanted(me);
    }

    void operator()(halt) {
        found_.files.clear();
        finish();
    }

private:
    void found(const std::string& path) {
        found_.files.push_back(path);
        if (found_.files.size() == batch) {
            hand_out();
        }
    }

    // A parser that is above its high water has its turn again when its mailbox says so.
    void hand_out() {
        const std::size_t files = found_.files.size();
        if (files == 0) {
            return;
        }
        const drover::ref<parser> reader = thirsty_.empty() ? readers_.front() : thirsty_.front();
        const drover::delivery sent = reader.tell(std::exchange(found_, work{}));
        if (!thirsty_.empty()) {
            thirsty_.pop_front();
            if (sent == drover::delivery::accepted) {
                thirsty_.push_back(reader);
            }
        }
        screen_.tell(handed_out{files});
    }

    void go_on_if_wanted(drover::context& me) {
        if (!finished_ && !going_on_ && !thirsty_.empty()) {
            going_on_ = true;
            me.self<walker>().tell(go_on{});
        }
    }

    void finish() {
        if (!finished_) {
            finished_ = true;
            hand_out();
            for (const drover::ref<parser>& one : readers_) {
                one.stop_when_drained();
            }
            collector_.tell(walked{skipped_});
        }
    }

    walk sources_;
    std::vector<drover::ref<parser>> readers_;
    drover::ref<collector> collector_;
    drover::ref<screen> screen_;
    std::deque<drover::ref<parser>> thirsty_;  // those below their high water, in turn
    work found_;
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
