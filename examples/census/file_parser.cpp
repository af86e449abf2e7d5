#include "file_parser.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace census {

file_parser::file_parser(std::size_t top) : largest_(top) {}

void file_parser::open(std::string path) {
    path_ = std::move(path);
    read_ = 0;
    failed_ = false;
    // The walker saw a regular file, but that was a while ago: O_NONBLOCK keeps a FIFO of that name from waiting for a
    // writer, and the fstat below asks the very file that was opened.
    file_ = file_handle(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
    if (!file_) {
        skip(reason_of(errno));
    } else if (::fstat(file_.get(), &opened_) != 0) {
        skip(reason_of(errno));
    } else if (!S_ISREG(opened_.st_mode)) {
        skip(S_ISDIR(opened_.st_mode) ? skip_reason::changed : skip_reason::special);
    }
}

std::size_t file_parser::advance() {
    const std::size_t count = fill();
    const std::string_view piece(buffer_.data(), count);
    if (read_ == 0 && piece.substr(0, binary_window).find('\0') != std::string_view::npos) {
        skip(skip_reason::binary);
        return count;
    }
    read_ += count;
    if (failed_) {
        skip(skip_reason::unreadable);
    } else {
        scanner_.feed(piece);
        if (count != buffer_.size() || read_ > static_cast<std::uint64_t>(opened_.st_size)) {
            finish();
        }
    }
    return count;
}

// A file system may hand out less than was asked for, and the test for binary files wants its 8 KiB at once.
// One byte more than the size is asked for: if it comes, the file has grown.
std::size_t file_parser::fill() {
    const auto left = static_cast<std::uint64_t>(opened_.st_size) + 1 - read_;
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), left));
    std::size_t count = 0;
    while (count != wanted) {
        const ssize_t got = ::read(file_.get(), buffer_.data() + count, wanted - count);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        failed_ = got < 0;
        if (got <= 0) {
            break;
        }
        count += static_cast<std::size_t>(got);
    }
    return count;
}

void file_parser::finish() {
    struct stat now{};
    if (::fstat(file_.get(), &now) != 0) {
        return skip(reason_of(errno));
    }
    if (now.st_nlink == 0) {
        return skip(skip_reason::vanished);
    }
    if (now.st_size != opened_.st_size || read_ != static_cast<std::uint64_t>(now.st_size) ||
        now.st_mtim.tv_sec != opened_.st_mtim.tv_sec || now.st_mtim.tv_nsec != opened_.st_mtim.tv_nsec) {
        return skip(skip_reason::changed);
    }
    file_.close();
    counts_.files += 1;
    counts_.totals.add(scanner_.finish());
    counts_.words.commit();
    counts_.headers.commit();
    largest_.add(path_, read_);
}

void file_parser::skip(skip_reason why) {
    counts_.skipped.add(why);
    abandon();
}

void file_parser::abandon() {
    file_.close();
    scanner_.reset();
    counts_.words.roll_back();
    counts_.headers.roll_back();
}

tally file_parser::take() {
    abandon();
    counts_.largest = largest_.take();
    return std::move(counts_);
}

}  // namespace census
