// The actors that look through directories.
#pragma once

#include "app.hpp"
#include "collector.hpp"
#include "messages.hpp"
#include "parser.hpp"
#include "screen.hpp"
#include "team.hpp"
#include "walk.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace census {

/// Finds files and hands each to the parser that the team's policy picks. If that one is full the file waits here, and
/// with it the walk, until some mailbox has come down. Where it could loop it tells itself to go on instead, so that no
/// thread is kept for long.
class walker {
public:
    static constexpr std::size_t slice = 64;  // directory entries

    walker(std::vector<std::string> directories, team readers, app::ref<collector> results, app::ref<screen> display)
        : sources_(std::move(directories)),
          readers_(std::move(readers)),
          collector_(std::move(results)),
          screen_(std::move(display)) {}

    void started(app::context& me) {
        for (const app::handle& one : readers_.rooms) {
            drover::subscribe_water(one, app::recipient<drover::water_level>(me.self<walker>()));
        }
        go_on_if_wanted(me);
    }

    void operator()(go_on, app::context& me) {
        going_on_ = false;
        for (std::size_t looked = 0; looked != slice && !finished_ && !held_; ++looked) {
            switch (sources_.next()) {
                case walk::step::file: hand_out({sources_.path()}); break;
                case walk::step::skipped: skipped_.add(sources_.reason()); break;
                case walk::step::nothing: break;
                case walk::step::finished: finish(); break;
            }
        }
        go_on_if_wanted(me);
    }

    void operator()(drover::water_level now, app::context& me) {
        if (!now.above && held_) {
            work waited = *std::move(held_);
            held_.reset();
            hand_out(std::move(waited));
        }
        go_on_if_wanted(me);
    }

    void operator()(halt) {
        held_.reset();
        finish();
    }

private:
    // One that refuses is full, so the water_level of its fall is still to come.
    void hand_out(work file) {
        if (readers_.offer(file) == drover::delivery::rejected_full) {
            held_ = std::move(file);
        } else {
            screen_.tell(handed_out{1});
        }
    }

    void go_on_if_wanted(app::context& me) {
        if (!finished_ && !going_on_ && !held_) {
            going_on_ = true;
            me.self<walker>().tell(go_on{});
        }
    }

    void finish() {
        if (!finished_) {
            finished_ = true;
            readers_.all.stop_when_drained();
            collector_.tell(walked{skipped_});
        }
    }

    walk sources_;
    team readers_;
    app::ref<collector> collector_;
    app::ref<screen> screen_;
    std::optional<work> held_;  // whom the policy picked for it was full
    skip_counts skipped_;
    bool going_on_ = false;  // a go_on is on its way
    bool finished_ = false;
};

/// Runs ahead of the walker and only counts, so that the screen knows how much is left although the walker waits for
/// the parsers. It remembers no file, so it need not wait for anybody. Of use only where there is a screen.
class surveyor {
public:
    static constexpr std::size_t slice = 256;  // directory entries

    surveyor(std::vector<std::string> directories, app::ref<screen> display)
        : sources_(std::move(directories)), screen_(std::move(display)) {}

    void started(app::context& me) { me.self<surveyor>().tell(go_on{}); }

    void operator()(go_on, app::context& me) {
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
    app::ref<screen> screen_;
    survey seen_;
};

}  // namespace census
