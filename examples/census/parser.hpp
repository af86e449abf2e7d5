// The actors that read files.
#pragma once

#include "app.hpp"
#include "collector.hpp"
#include "file_parser.hpp"
#include "messages.hpp"
#include "screen.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace census {

/// Reads the files it is given, and hands in its counts when it stops. Its mailbox is bounded: it takes no more than
/// that, and says when it has come down to a quarter.
class parser {
public:
    using mailbox = drover::bounded_mailbox<128>;

    parser(app::ref<collector> results, app::ref<screen> display, std::size_t top, const std::atomic<bool>* halted)
        : collector_(std::move(results)), screen_(std::move(display)), files_(top), halted_(halted) {}

    void started(app::context& me) { name_ = me.self().name(); }

    void operator()(work given) {
        if (*halted_) {
            return;
        }
        files_.open(std::move(given.path));
        while (files_.busy() && !*halted_) {
            const std::size_t bytes = files_.advance();
            screen_.tell(advance{files_.busy() ? 0U : 1U, bytes});
        }
    }

    void stopped(const drover::stop_reason&) {
        files_.abandon();
        collector_.tell(harvest{name_, std::make_unique<tally>(files_.take())});
    }

private:
    std::string name_;
    app::ref<collector> collector_;
    app::ref<screen> screen_;
    file_parser files_;
    const std::atomic<bool>* halted_;
};

}  // namespace census
