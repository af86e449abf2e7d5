#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/report/exposition_text.hpp"
#include "drover/report/file_in_waiting.hpp"
#include "drover/report/trace_pieces.hpp"
#include "drover/tracing/flight_recorder.hpp"

namespace drover {

namespace detail {

/// The lines of a Chrome trace (Trace Event Format, its JSON object form), one event a line.
class chrome_trace_text {
public:
    explicit chrome_trace_text(const flight_recording& from) : from_(from), pieces_(pieces_of(from)) {}

    /// Calls `take` with one piece of the text after another.
    template <class Take>
    void write(Take take) {
        take(std::string_view(
            "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
            "{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"drover\"}}"));
        std::uint64_t overwritten = 0;
        for (const flight_thread& each : from_.threads) {
            begin("M", "thread_name", "", {{}, each.number});
            text_ += ",\"args\":{\"name\":";
            append_string(each.name);
            text_ += "}}";
            take(std::string_view(std::exchange(text_, {})));
            overwritten += each.overwritten;
        }
        for (const trace_slice& each : pieces_.slices) {
            append_slice(each);
            take(std::string_view(std::exchange(text_, {})));
        }
        for (const trace_message& each : pieces_.messages) {
            append_message(each);
            take(std::string_view(std::exchange(text_, {})));
        }
        text_ += "\n],\"otherData\":{\"overwritten_records\":";
        exposition::append_number(text_, overwritten);
        text_ += "}}\n";
        take(std::string_view(text_));
    }

private:
    void append_slice(const trace_slice& slice) {
        begin("X", title(slice.names, slice.resumed ? " (goes on)" : ""), "handler", {slice.begin, slice.thread});
        text_ += ",\"dur\":";
        append_time(slice.end - slice.begin);
        text_ += ",\"args\":{";
        append_ids(slice.span);
        if (slice.actor != actor_id::none) {
            text_ += ",\"actor\":";
            exposition::append_number(text_, to_integer(slice.actor));
        }
        text_ += slice.running ? ",\"running\":true}}" : "}}";
    }

    void append_message(const trace_message& message) {
        const std::string_view kind = message.reply ? "reply" : "message";
        if (!message.in_slice) {  // an arrow begins at a slice
            begin("X", title(message.names, " (sent)"), kind, message.sent);
            text_ += ",\"dur\":0.000,\"args\":{";
            append_ids(message.span);
            text_ += "}}";
        }
        if (message.sent.at <= message.taken.at) {  // the clocks of two processors agree only nearly
            begin("s", title(message.names, ""), kind, message.sent);
            append_id(message.span);
            text_ += ",\"args\":{";
            append_ids(message.span);
            if (message.parent != span_id::none) {
                text_ += ",\"parent\":";
                append_hexadecimal_string(to_integer(message.parent));
            }
            text_ += "}}";
            begin("f", title(message.names, ""), kind, message.taken);
            append_id(message.span);
            text_ += ",\"bp\":\"e\"}";
        }
        trace_moment waiting = message.sent;
        if (message.delayed) {
            append_wait(message, "timer", message.sent, message.due);
            waiting = message.due;
        }
        append_wait(message, message.reply ? "answered" : "mailbox", waiting, message.taken);
    }

    void append_wait(const trace_message& message, std::string_view where, const trace_moment& from, trace_moment to) {
        to.at = std::max(from.at, to.at);
        for (const auto& [phase, moment] : {std::pair("b", from), std::pair("e", to)}) {
            begin(phase, title(message.names, ""), where, moment);
            append_id(message.span);
            text_ += '}';
        }
    }

    void begin(std::string_view phase, std::string_view name, std::string_view category, const trace_moment& moment) {
        text_ += ",\n{\"ph\":\"";
        text_ += phase;
        text_ += "\",\"pid\":1,\"tid\":";
        exposition::append_number(text_, moment.thread);
        text_ += ",\"name\":";
        append_string(name);
        if (!category.empty()) {
            text_ += ",\"cat\":\"";
            text_ += category;
            text_ += "\",\"ts\":";
            append_time(moment.at);
        }
    }

    static std::string title(const message_names* names, std::string_view more) {
        std::string text;
        if (names != nullptr) {
            text += names->actor;
            text += names->actor.empty() ? "" : ": ";
            text += names->message;
        }
        text += more;
        return text;
    }

    void append_ids(span_id span) {
        text_ += "\"span\":";
        append_hexadecimal_string(to_integer(span));
        if (const auto its = pieces_.traces.find(to_integer(span)); its != pieces_.traces.end()) {
            text_ += ",\"trace\":\"";
            append_hexadecimal(text_, its->second.high, 16);
            append_hexadecimal(text_, its->second.low, 16);
            text_ += '"';
        }
    }

    void append_id(span_id span) {
        text_ += ",\"id\":";
        append_hexadecimal_string(to_integer(span));
    }

    void append_hexadecimal_string(std::uint64_t value) {
        text_ += '"';
        append_hexadecimal(text_, value, 16);
        text_ += '"';
    }

    // Microseconds, to the nanosecond.
    void append_time(clock_duration at) {
        const auto count = static_cast<std::uint64_t>(std::max<clock_duration::rep>(at.count(), 0));
        exposition::append_number(text_, count / 1000);
        const std::string fraction = std::to_string(1000 + count % 1000);
        text_ += '.';
        text_ += std::string_view(fraction).substr(1);
    }

    // Bytes that are no UTF-8 become U+FFFD.
    void append_string(std::string_view raw) {
        text_ += '"';
        exposition::each_character(raw, [this](std::string_view character) {
            const auto first = static_cast<unsigned char>(character.front());
            if (first < 0x20) {
                text_ += "\\u";
                append_hexadecimal(text_, first, 4);
                return;
            }
            if (first == '"' || first == '\\') {
                text_ += '\\';
            }
            text_ += character;
        });
        text_ += '"';
    }

    const flight_recording& from_;
    const trace_pieces pieces_;
    std::string text_;
};

}  // namespace detail

/// Writes a recording as a Chrome trace, for Perfetto, speedscope and about:tracing. Handlers are slices on the tracks
/// of their threads; arrows lead from each send to where it was taken, and from each reply to what went on with it; how
/// long a message waited in its mailbox, or for its time, is an asynchronous event. What is known of a message in part
/// alone, since the rest was written over, is left out. Gives the iterator behind the text. Any thread; allocates;
/// throws std::bad_alloc and what the iterator throws.
template <std::output_iterator<char> Out>
    requires(!std::is_pointer_v<Out>)  // a char* is the name of a file
Out write_chrome_trace(Out out, const flight_recording& recording = read_flight_recorder()) {
    detail::chrome_trace_text(recording).write(
        [&](std::string_view text) { out = std::copy(text.begin(), text.end(), std::move(out)); });
    return out;
}

/// The same to a stream, whose state says whether it was written.
inline void write_chrome_trace(std::ostream& out, const flight_recording& recording = read_flight_recorder()) {
    detail::chrome_trace_text(recording).write(
        [&](std::string_view text) { out.write(text.data(), static_cast<std::streamsize>(text.size())); });
}

/// The same to a file, which others see whole or not at all: it is written beside it, synced and renamed. Blocks for
/// the disk. Throws std::system_error with the file's name if it cannot be written; then what was there stands.
inline void write_chrome_trace(const std::filesystem::path& file,
                               const flight_recording& recording = read_flight_recorder()) {
    detail::file_in_waiting waiting(file, "trace");
    std::string whole;
    detail::chrome_trace_text(recording).write([&](std::string_view text) { whole += text; });
    waiting.write(whole);
    waiting.put_in_place();
}

}  // namespace drover
