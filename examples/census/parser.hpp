// The actors that read files.
#pragma once

#include "collector.hpp"
#include "file_parser.hpp"
#include "messages.hpp"
#include "screen.hpp"
#include "walker.hpp"

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace census {

/// Asks the walker for files, reads them a slice at a time, and hands in its counts when there are no more. It asks
/// again before it runs out, so that it does not wait for the answer.
class parser {
public:
    static constexpr std::size_t slice = file_parser::buffer_size;  // bytes
    static constexpr std::size_t slice_files = 64;                  // small or skipped ones

    parser(drover::ref<walker> source, drover::ref<collector> results, drover::ref<screen> display, std::size_t top)
        : walker_(std::move(source)), collector_(std::move(results)), screen_(std::move(display)), files_(top) {}

    void started(drover::context& me) { ask_for_work(me); }

    void operator()(work more, drover::context& me) {
        asking_ = false;
        no_more_ = more.files.empty();
        for (std::string& path : more.files) {
            queue_.push_back(std::move(path));
        }
        continue_or_end(me);
    }

    void operator()(go_on, drover::context& me) {
        going_on_ = false;
        advance done;
        while (!ended_ && (files_.busy() || !queue_.empty()) && done.bytes < slice && done.files < slice_files) {
            if (!files_.busy()) {
                files_.open(std::move(queue_.front()));
                queue_.pop_front();
            }
            if (files_.busy()) {
                done.bytes += files_.advance();
            }
            done.files += files_.busy() ? 0 : 1;
        }
        screen_.tell(done);
        continue_or_end(me);
    }

    void operator()(halt) {
        queue_.clear();
        files_.abandon();
        end();
    }

private:
    void continue_or_end(drover::context& me) {
        if (ended_) {
            return;
        }
        ask_for_work(me);
        const bool busy = files_.busy() || !queue_.empty();
        if (busy && !going_on_) {
            going_on_ = true;
            me.self<parser>().tell(go_on{});
        } else if (!busy && no_more_) {
            end();
        }
    }

    void ask_for_work(drover::context& me) {
        if (!asking_ && !no_more_ && queue_.size() < walker::batch) {
            asking_ = true;
            walker_.tell(want{me.self<parser>()});
        }
    }

    void end() {
        if (!ended_) {
            ended_ = true;
            collector_.tell(harvest{std::make_unique<tally>(files_.take())});
        }
    }

    drover::ref<walker> walker_;
    drover::ref<collector> collector_;
    drover::ref<screen> screen_;
    file_parser files_;
    std::deque<std::string> queue_;
    bool asking_ = false;    // the walker owes an answer
    bool going_on_ = false;  // a go_on is on its way
    bool no_more_ = false;
    bool ended_ = false;
};

}  // namespace census
