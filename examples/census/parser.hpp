// The actors that read files.
#pragma once

#include "collector.hpp"
#include "file_parser.hpp"
#include "messages.hpp"
#include "screen.hpp"

#include <drover/drover.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace census {

/// Reads the files it is given, and hands in its counts when it stops. Its mailbox is bounded: who sends to it is told when
/// it has enough, and again when it can take more.
class parser {
public:
    using mailbox = drover::bounded_mailbox<16, drover::reject_newest, drover::water_marks<50, 25>>;

    parser(drover::ref<collector> results, drover::ref<screen> display, std::size_t top,
           const std::atomic<bool>& halted)
        : collector_(std::move(results)), screen_(std::move(display)), files_(top), halted_(&halted) {}

    void operator()(work given) {
        for (std::string& path : given.files) {
            if (*halted_) {
                return;
            }
            files_.open(std::move(path));
            while (files_.busy() && !*halted_) {
                const std::size_t bytes = files_.advance();
                screen_.tell(advance{files_.busy() ? 0U : 1U, bytes});
            }
        }
    }

    void stopped(const drover::stop_reason&) {
        files_.abandon();
        collector_.tell(harvest{std::make_unique<tally>(files_.take())});
    }

private:
    drover::ref<collector> collector_;
    drover::ref<screen> screen_;
    file_parser files_;
    const std::atomic<bool>* halted_;
};

}  // namespace census
