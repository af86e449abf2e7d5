#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "drover/base/text.hpp"
#include "drover/report/exposition.hpp"
#include "drover/report/metric_family.hpp"

namespace drover {

namespace detail {

/// A file that is not there yet under its name: written beside it, and renamed when it is whole. It goes away unless
/// that happens.
class file_in_waiting {
public:
    explicit file_in_waiting(const std::filesystem::path& target) : target_(target) {
        static std::atomic<std::uint64_t> number{0};
        // One of that name is left over from a program that was killed and had the same number. The dot hides it from
        // people, and that it does not end in .prom from the node exporter.
        do {
            path_ =
                target_.parent_path() / join_text({".", target_.filename().string(), ".", std::to_string(::getpid()),
                                                   ".", std::to_string(number.fetch_add(1))});
            // Others read it: the exporter has a user of its own.
            descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        } while (descriptor_ < 0 && (errno == EEXIST || errno == EINTR));
        if (descriptor_ < 0) {
            fail("opening a file beside it");
        }
    }
    ~file_in_waiting() {
        close();
        if (!path_.empty()) {
            ::unlink(path_.c_str());
        }
    }
    file_in_waiting(const file_in_waiting&) = delete;
    file_in_waiting& operator=(const file_in_waiting&) = delete;

    void write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t written = ::write(descriptor_, text.data(), text.size());
            if (written >= 0) {
                text.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno != EINTR) {
                fail("writing");
            }
        }
    }

    /// Puts it in the place of what was there under the name.
    void put_in_place() {
        if (::fsync(descriptor_) != 0) {
            fail("fsync");
        }
        if (close() != 0) {
            fail("closing");
        }
        if (::rename(path_.c_str(), target_.c_str()) != 0) {
            fail("renaming to it");
        }
        path_.clear();
    }

private:
    int close() noexcept {
        const int descriptor = std::exchange(descriptor_, -1);
        return descriptor < 0 ? 0 : ::close(descriptor);
    }

    [[noreturn]] void fail(std::string_view step) const {
        const std::error_code why(errno, std::generic_category());
        throw std::system_error(why,
                                join_text({"drover: the metrics file '", target_.string(),
                                           "' was not written, and what was there is still there; ", step, " failed"}));
    }

    std::filesystem::path target_;
    std::filesystem::path path_;  // empty once it is in place
    int descriptor_ = -1;
};

}  // namespace detail

/// Writes families for the node exporter's text file collector: text format 0.0.4 in a file whose name ends in `.prom`.
/// Whoever reads the file sees either what was there before or all of the new text: it is written beside it, synced and
/// renamed. It can be read by all, as far as the process's umask allows.
/// Any thread; two that write the same file at once leave the text of one of them. Blocks for the disk. Throws
/// std::invalid_argument as check_metrics does, or for another ending, and std::system_error with the file's name if it
/// cannot be written; then the old file stands and nothing new is left behind.
inline void write_metrics_file(const std::filesystem::path& file, std::span<const metric_family> families) {
    if (file.extension() != ".prom") {
        throw std::invalid_argument(join_text({"drover: the metrics file '", file.string(),
                                               "' would not be read, as the node exporter reads files that end in "
                                               ".prom; give it such a name"}));
    }
    const std::string text = metrics_text(families, exposition_format::prometheus_text);
    detail::file_in_waiting waiting(file);
    waiting.write(text);
    waiting.put_in_place();
}

}  // namespace drover
