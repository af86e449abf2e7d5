#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "drover/base/text.hpp"

namespace drover::detail {

/// A file that is not there yet under its name: written beside it, and renamed when it is whole. It goes away unless
/// that happens.
class file_in_waiting {
public:
    /// `what`: of what it is, for the sentence that says why not.
    file_in_waiting(const std::filesystem::path& target, std::string_view what) : target_(target), what_(what) {
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
                                join_text({"drover: the ", what_, " file '", target_.string(),
                                           "' was not written, and what was there is still there; ", step, " failed"}));
    }

    std::filesystem::path target_;
    const std::string_view what_;
    std::filesystem::path path_;  // empty once it is in place
    int descriptor_ = -1;
};

}  // namespace drover::detail
