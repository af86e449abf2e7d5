#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/ids.hpp"
#include "drover/base/text.hpp"
#include "drover/metrics/histogram.hpp"
#include "drover/runtime/dump.hpp"

namespace drover {

namespace detail {

/// Rows of cells in columns as wide as their widest cell, two blanks between; the last column is not filled up.
class text_table {
public:
    /// Columns that stand to the right, numbers, by their places.
    explicit text_table(std::vector<std::string> head, std::vector<std::size_t> right)
        : right_(std::move(right)), rows_{std::move(head)} {}

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    bool empty() const noexcept { return rows_.size() == 1; }

    void append_to(std::string& text) const {
        std::vector<std::size_t> widths(rows_.front().size());
        for (const auto& row : rows_) {
            for (std::size_t each = 0; each != row.size(); ++each) {
                widths[each] = std::max(widths[each], row[each].size());
            }
        }
        for (const auto& row : rows_) {
            for (std::size_t each = 0; each != row.size(); ++each) {
                const std::size_t gap = widths[each] - row[each].size();
                const bool right = std::find(right_.begin(), right_.end(), each) != right_.end();
                text.append(2 + (right ? gap : 0), ' ').append(row[each]);
                text.append(!right && each + 1 != row.size() ? gap : 0, ' ');
            }
            text.erase(text.find_last_not_of(' ') + 1);
            text += '\n';
        }
    }

private:
    std::vector<std::size_t> right_;
    std::vector<std::vector<std::string>> rows_;
};

inline std::string depth_text(const mailbox_depth& depth) {
    return std::to_string(depth.messages) + (depth.or_more ? "+" : "");
}

/// With three digits behind the point, in the largest unit of which there is one: "1.204 s", "17.300 ms".
inline std::string duration_text(clock_duration length) {
    struct unit {
        std::string_view name;
        std::int64_t nanoseconds;
    };
    static constexpr std::array<unit, 3> units{{{" s", 1'000'000'000}, {" ms", 1'000'000}, {" us", 1'000}}};
    const std::int64_t count = length.count();
    for (const unit& each : units) {
        if (count >= each.nanoseconds) {
            const std::string thousandths = std::to_string(count % each.nanoseconds / (each.nanoseconds / 1000));
            return join_text({std::to_string(count / each.nanoseconds), ".",
                              std::string_view("000").substr(thousandths.size()), thousandths, each.name});
        }
    }
    return std::to_string(count) + " ns";
}

/// One of a histogram's.
inline std::string latency_text(clock_duration length) {
    return length > histogram::top ? "over " + duration_text(histogram::top) : duration_text(length);
}

inline std::string actor_text(std::string_view name, actor_id id) {
    return join_text({name, " #", std::to_string(to_integer(id))});
}

inline std::string thread_text(const runtime_dump::thread_row& row) {
    return row.own_thread ? "own thread" : "worker " + std::to_string(row.index);
}

}  // namespace detail

/// For people: a line of sums, then tables: types of actors, the deepest mailboxes, what runs (the longest first), the
/// slowest handlers, and the threads. A table of nothing is left out.
inline std::string to_text(const runtime_dump& dump) {
    const auto number = [](std::size_t count, std::string_view one, std::string_view several) {
        return join_text({std::to_string(count), " ", count == 1 ? one : several});
    };
    std::string text =
        join_text({"runtime ", dump.runtime, " at ", detail::duration_text(dump.taken.time_since_epoch()), ": ",
                   number(dump.actors, "actor", "actors"), ", ", detail::depth_text(dump.waiting),
                   dump.waiting.messages == 1 && !dump.waiting.or_more ? " message waits" : " messages wait"});
    if (!dump.threads.empty()) {
        text += join_text({"; its workers were held for ", detail::duration_text(dump.held), " at most"});
    }
    text += '\n';
    const auto append = [&](std::string_view title, const detail::text_table& table) {
        if (!table.empty()) {
            text += join_text({"\n", title, "\n"});
            table.append_to(text);
        }
    };
    detail::text_table types({"actors", "waiting", "type"}, {0, 1});
    for (const auto& each : dump.types) {
        types.add({std::to_string(each.actors), detail::depth_text(each.waiting), std::string(each.type)});
    }
    append("actors by type", types);

    detail::text_table deepest({"waiting", "actor", "type", "waits for"}, {0});
    for (const auto& each : dump.deepest) {
        deepest.add({detail::depth_text(each.waiting), detail::actor_text(each.name, each.id), std::string(each.type),
                     each.waits_for});
    }
    append("deepest mailboxes", deepest);

    std::vector<const runtime_dump::thread_row*> busy;
    for (const auto& each : dump.threads) {
        if (each.does == thread_activity::runs) {
            busy.push_back(&each);
        }
    }
    // Of equals the first of the dump first: the rows stand side by side there.
    std::sort(busy.begin(), busy.end(), [](const auto* one, const auto* other) {
        return one->at_least != other->at_least ? one->at_least > other->at_least : std::less<>()(one, other);
    });
    detail::text_table running({"for at least", "actor", "type", "in", "on"}, {0});
    for (const auto* each : busy) {
        running.add({each->at_least.count() == 0 ? "seen now" : detail::duration_text(each->at_least),
                     detail::actor_text(each->actor, each->id), std::string(each->type), std::string(each->code),
                     detail::thread_text(*each)});
    }
    append("what runs, the longest first", running);

    detail::text_table slowest({"p99", "p50", "longest", "timed", "type"}, {0, 1, 2, 3});
    for (const auto& each : dump.slowest) {
        slowest.add({detail::latency_text(each.p99), detail::latency_text(each.p50), detail::latency_text(each.longest),
                     std::to_string(each.timed), each.type});
    }
    append("slowest handlers", slowest);

    detail::text_table threads({"thread", "does", "ready behind it", "actor"}, {2});
    for (const auto& each : dump.threads) {
        threads.add({detail::thread_text(each), std::string(to_string(each.does)),
                     each.own_thread ? std::string() : std::to_string(each.ready),
                     each.actor.empty() ? std::string() : detail::actor_text(each.actor, each.id)});
    }
    append("threads", threads);
    return text;
}

namespace detail {

inline void append_json_string(std::string& text, std::string_view value) {
    static constexpr std::string_view digits = "0123456789abcdef";
    text += '"';
    for (const char each : value) {
        const auto code = static_cast<unsigned char>(each);
        if (each == '"' || each == '\\') {
            text.append({'\\', each});
        } else if (code < 0x20) {
            text.append("\\u00").append({digits[code >> 4U], digits[code & 15U]});
        } else {
            text += each;
        }
    }
    text += '"';
}

/// Members of an object, with the commas between.
class json_object {
public:
    explicit json_object(std::string& text) : text_(text) { text_ += '{'; }
    ~json_object() { text_ += '}'; }
    json_object(const json_object&) = delete;
    json_object& operator=(const json_object&) = delete;

    json_object& add(std::string_view key, std::string_view value) {
        name(key);
        append_json_string(text_, value);
        return *this;
    }
    json_object& add(std::string_view key, std::uint64_t value) { return raw(key, std::to_string(value)); }
    json_object& add(std::string_view key, const mailbox_depth& depth) {
        add(key, depth.messages);
        return depth.or_more ? raw("or_more", "true") : *this;
    }
    json_object& add(std::string_view key, clock_duration value) { return raw(key, std::to_string(value.count())); }
    json_object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }

    template <class Rows, class Write>
    json_object& list(std::string_view key, const Rows& rows, Write write) {
        name(key);
        text_ += '[';
        bool first = true;
        for (const auto& each : rows) {
            text_.append(std::exchange(first, false) ? "" : ",");
            json_object row(text_);
            write(row, each);
        }
        text_ += ']';
        return *this;
    }

private:
    void name(std::string_view key) {
        text_.append(std::exchange(first_, false) ? "" : ",");
        append_json_string(text_, key);
        text_ += ':';
    }
    json_object& raw(std::string_view key, std::string_view value) {
        name(key);
        text_.append(value);
        return *this;
    }

    std::string& text_;
    bool first_ = true;
};

}  // namespace detail

/// One JSON object in one line, for programs: members as those of runtime_dump, durations in nanoseconds, `or_more`
/// only where it is true, and `slowest` only if something was timed.
inline std::string to_json(const runtime_dump& dump) {
    using detail::json_object;
    std::string text;
    {
        json_object all(text);
        all.add("runtime", dump.runtime).add("taken", dump.taken.time_since_epoch()).add("held", dump.held);
        all.add("actors", dump.actors).add("waiting", dump.waiting);
        all.list("types", dump.types, [](json_object& row, const runtime_dump::type_row& each) {
            row.add("type", each.type).add("actors", each.actors).add("waiting", each.waiting);
        });
        all.list("deepest", dump.deepest, [](json_object& row, const runtime_dump::mailbox_row& each) {
            row.add("name", each.name).add("id", to_integer(each.id)).add("type", each.type);
            row.add("waiting", each.waiting).add("waits_for", each.waits_for);
        });
        all.list("threads", dump.threads, [](json_object& row, const runtime_dump::thread_row& each) {
            row.add("index", each.index).flag("own_thread", each.own_thread).add("does", to_string(each.does));
            if (!each.actor.empty()) {
                row.add("actor", each.actor).add("id", to_integer(each.id)).add("type", each.type);
            }
            if (each.does == thread_activity::runs) {
                row.add("code", each.code).flag("handler", each.handler).add("at_least", each.at_least);
            }
            row.add("ready", each.ready);
        });
        if (!dump.slowest.empty()) {
            all.list("slowest", dump.slowest, [](json_object& row, const runtime_dump::latency_row& each) {
                row.add("type", each.type).add("timed", each.timed).add("p50", each.p50);
                row.add("p99", each.p99).add("longest", each.longest);
            });
        }
    }
    return text;
}

}  // namespace drover
