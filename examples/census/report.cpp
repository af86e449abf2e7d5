#include "report.hpp"

#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

namespace census {
namespace {

using buffer = fmt::memory_buffer;

template <class... Arguments>
void put(buffer& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

void put_list(buffer& out, std::string_view key, std::string_view figure, const std::vector<ranked>& list) {
    put(out, ",\n  \"{}\": [", key);
    for (std::size_t at = 0; at != list.size(); ++at) {
        put(out, "{}\n    {{\"name\": \"{}\", \"{}\": {}}}", at == 0 ? "" : ",", json_text(list[at].name), figure,
            list[at].count);
    }
    put(out, "{}]", list.empty() ? "" : "\n  ");
}

void put_table(buffer& out, std::string_view title, const std::vector<ranked>& list) {
    if (list.empty()) {
        return;
    }
    const std::size_t width = grouped(list.front().count).size();
    put(out, "\n{}\n", title);
    for (const ranked& one : list) {
        put(out, "  {:>{}}  {}\n", grouped(one.count), width, plain_text(one.name));
    }
}

double part(std::uint64_t of, std::uint64_t all) {
    return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
}

void put_shares(buffer& out, const report& what) {
    const findings& found = what.found;
    put(out, ",\n  \"balance\": \"{}\",\n  \"parsers\": [", what.balance);
    for (std::size_t at = 0; at != found.shares.size(); ++at) {
        const work_share& one = found.shares[at];
        put(out, "{}\n    {{\"name\": \"{}\", \"files\": {}, \"lines\": {}, \"bytes\": {}, \"share\": {:.6f}}}",
            at == 0 ? "" : ",", one.parser, one.files, one.lines, one.bytes, part(one.bytes, found.totals.bytes));
    }
    put(out, "{}],\n  \"largest_over_mean\": {:.3f}", found.shares.empty() ? "" : "\n  ",
        largest_over_mean(found.shares));
}

void put_share_table(buffer& out, const findings& found) {
    std::size_t name = std::string_view("parser").size();
    std::size_t figure = std::string_view("files").size();
    for (const work_share& one : found.shares) {
        name = std::max(name, one.parser.size());
        figure = std::max(figure, grouped(std::max({one.bytes, one.lines, one.files})).size());
    }
    put(out, "  {:<{}}  {:>{}}  {:>{}}  {:>{}}  {:>7}\n", "parser", name, "files", figure, "lines", figure, "bytes",
        figure, "share");
    for (const work_share& one : found.shares) {
        put(out, "  {:<{}}  {:>{}}  {:>{}}  {:>{}}  {:>5.1f} %\n", one.parser, name, grouped(one.files), figure,
            grouped(one.lines), figure, grouped(one.bytes), figure, 100 * part(one.bytes, found.totals.bytes));
    }
}

double per_second(std::uint64_t count, double seconds) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

std::string grouped(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ' ');
    }
    return digits;
}

std::string as_json(const report& what) {
    const findings& found = what.found;
    buffer out;
    put(out, "{{\n  \"directories\": [");
    for (std::size_t at = 0; at != what.directories.size(); ++at) {
        put(out, "{}\"{}\"", at == 0 ? "" : ", ", json_text(what.directories[at]));
    }
    put(out, "],\n  \"files\": {},\n  \"lines\": {},\n  \"bytes\": {},\n", found.files, found.totals.lines,
        found.totals.bytes);
    put(out, "  \"comment_bytes\": {},\n  \"comment_share\": {:.6f},\n", found.totals.comment_bytes,
        found.comment_share());
    put(out, "  \"identifiers\": {},\n  \"distinct_identifiers\": {},\n  \"distinct_headers\": {},\n",
        found.totals.identifiers, found.identifiers.distinct, found.headers.distinct);
    put(out, "  \"skipped\": {},\n  \"skipped_by_reason\": {{", found.skipped.total());
    for (std::size_t at = 0; at != skip_names.size(); ++at) {
        put(out, "{}\"{}\": {}", at == 0 ? "" : ", ", skip_names[at], found.skipped[static_cast<skip_reason>(at)]);
    }
    put(out, "}}");
    put_list(out, "top_identifiers", "count", found.identifiers.top);
    put_list(out, "top_headers", "count", found.headers.top);
    put_list(out, "largest_files", "bytes", found.largest);
    put_shares(out, what);
    if (what.compared) {
        put(out, ",\n  \"compare\": {{\"actor_seconds\": {:.6f}, \"loop_seconds\": {:.6f}, ",
            what.compared->actor_seconds, what.compared->loop_seconds);
        put(out, "\"ratio\": {:.3f}, \"same_counts\": {}}}", what.compared->ratio(), what.compared->same_counts);
    }
    put(out, ",\n  \"threads\": {},\n  \"interrupted\": {},\n  \"seconds\": {:.6f}\n}}\n", found.threads,
        found.interrupted, found.seconds);
    return fmt::to_string(out);
}

std::string as_text(const report& what) {
    const findings& found = what.found;
    buffer out;
    put(out, "Census of");
    for (const std::string& directory : what.directories) {
        put(out, " {}", plain_text(directory));
    }
    put(out, "{}\n\n", found.interrupted ? " (interrupted)" : "");

    const std::size_t width = grouped(std::max({found.totals.bytes, found.totals.identifiers, found.files})).size();
    const auto figure = [&](std::string_view name, std::uint64_t value) {
        put(out, "  {:<12}{:>{}}", name, grouped(value), width);
    };
    figure("files", found.files);
    put(out, "\n");
    figure("lines", found.totals.lines);
    put(out, "\n");
    figure("bytes", found.totals.bytes);
    put(out, "  {:.1f} % in comments\n", 100 * found.comment_share());
    figure("identifiers", found.totals.identifiers);
    put(out, "  {} different\n", grouped(found.identifiers.distinct));
    figure("skipped", found.skipped.total());
    std::string_view before = "  ";
    for (std::size_t at = 0; at != skip_names.size(); ++at) {
        if (const std::uint64_t count = found.skipped[static_cast<skip_reason>(at)]; count != 0) {
            put(out, "{}{} {}", before, grouped(count), skip_names[at]);
            before = ", ";
        }
    }
    put(out, "\n");
    put_table(out, "Most frequent identifiers", found.identifiers.top);
    put_table(out, "Most included headers", found.headers.top);
    put_table(out, "Largest files, in bytes", found.largest);

    put(out, "\nShared by {}: the busiest parser read {:.2f} times the mean\n", what.balance,
        largest_over_mean(found.shares));
    if (what.tell_shares) {
        put_share_table(out, found);
    }
    put(out, "\n{:.2f} s on {} {}: {} files/s, {:.0f} MB/s\n", found.seconds, found.threads,
        found.threads == 1 ? "thread" : "threads",
        grouped(static_cast<std::uint64_t>(per_second(found.files, found.seconds))),
        per_second(found.totals.bytes, found.seconds) / 1e6);
    if (what.compared) {
        put(out,
            "{:.2f} s by the plain loop, {:.2f} s by the actors: {:.2f} times as fast, {} (the better of two runs "
            "each)\n",
            what.compared->loop_seconds, what.compared->actor_seconds, what.compared->ratio(),
            what.compared->same_counts ? "the same counts" : "but DIFFERENT COUNTS");
    }
    return fmt::to_string(out);
}

}  // namespace census
