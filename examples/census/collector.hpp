// The actor that adds up what the parsers counted.
#pragma once

#include "app.hpp"
#include "interrupt.hpp"
#include "messages.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace census {

/// Waits for every parser and the walker, has the words merged by its children, a part each, and rings.
/// A word falls to one part by its hash, so the children need nothing of each other; they read the parsers' tables,
/// which nobody changes any more, and merge on as many threads as there are parts.
class collector {
public:
    collector(std::size_t parsers, std::size_t top, const bell& done)
        : parsers_(parsers), parts_(parsers), top_(top), done_(&done) {}

    void operator()(walked source, app::context& me) {
        result_.skipped.add(source.skipped);
        walked_ = true;
        rank_if_complete(me);
    }

    void operator()(harvest one, app::context& me) {
        const tally& its = *one.counts;
        result_.shares.push_back({std::move(one.parser), its.files, its.totals.lines, its.totals.bytes});
        result_.files += one.counts->files;
        result_.totals.add(one.counts->totals);
        result_.skipped.add(one.counts->skipped);
        headers_.merge(one.counts->headers);
        result_.largest.insert(result_.largest.end(), one.counts->largest.begin(), one.counts->largest.end());
        tallies_.push_back(std::move(*one.counts));
        rank_if_complete(me);
    }

    /// Asked when the bell has rung.
    findings operator()(take) { return std::move(result_); }

private:
    void rank_if_complete(app::context& me) {
        if (!walked_ || tallies_.size() != parsers_) {
            return;
        }
        const auto all = std::make_shared<const std::vector<tally>>(std::move(tallies_));
        for (std::size_t part = 0; part != parts_; ++part) {
            auto child = me.spawn(drover::spawn_options{.name = "merger"}, [top = top_](const rank_part& job) {
                if (job.parts == 1) {
                    const word_counts& only = job.all->front().words;
                    return ranking{only.distinct(), only.top(top)};
                }
                word_counts merged;
                for (const tally& one : *job.all) {
                    merged.merge_part(one.words, job.part, job.parts);
                }
                return ranking{merged.distinct(), merged.top(top)};
            });
            // Without an answer the child has failed, and whoever waits for the bell hears of that by the failure sink.
            child.ask(rank_part{all, part, parts_}).then(me, [this](auto answer) {
                if (answer) {
                    add(std::move(answer.value()));
                }
            });
        }
    }

    void add(ranking part) {
        result_.identifiers.distinct += part.distinct;
        for (ranked& one : part.top) {
            result_.identifiers.top.push_back(std::move(one));
        }
        ranked_ += 1;
        if (ranked_ == parts_) {
            keep_top(result_.identifiers.top, top_);
            keep_top(result_.largest, top_);
            result_.headers = {headers_.distinct(), headers_.top(top_)};
            put_in_order(result_.shares);
            done_->ring();
        }
    }

    std::size_t parsers_;
    std::size_t parts_;
    std::size_t top_;
    const bell* done_;
    bool walked_ = false;
    std::size_t ranked_ = 0;
    std::vector<tally> tallies_;
    word_counts headers_;
    findings result_;
};

}  // namespace census
