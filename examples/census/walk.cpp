#include "walk.hpp"

#include "file_handle.hpp"
#include "names.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace census {
namespace {

/// The type as the directory has it, or as the file system answers where the directory does not know.
unsigned char type_of(int directory, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) {
        return entry.d_type;
    }
    struct stat found{};
    if (::fstatat(directory, entry.d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return DT_UNKNOWN;
    }
    return static_cast<unsigned char>(IFTODT(found.st_mode));
}

}  // namespace

walk::walk(std::vector<std::string> directories) {
    while (!directories.empty()) {
        pending_.push_back({std::move(directories.back()), true});
        directories.pop_back();
    }
}

walk::step walk::next() {
    if (!open_) {
        return enter();
    }
    errno = 0;
    if (const dirent* entry = ::readdir(open_.get()); entry != nullptr) {
        return look_at(*entry);
    }
    const int error = errno;
    open_.reset();
    return error == 0 ? step::nothing : skip(reason_of(error));
}

walk::step walk::enter() {
    if (pending_.empty()) {
        return step::finished;
    }
    const directory next = std::move(pending_.back());
    pending_.pop_back();
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (next.argument ? 0 : O_NOFOLLOW);
    file_handle handle(::open(next.path.c_str(), flags));
    if (!handle) {
        return skip(reason_of(errno));
    }
    open_.reset(::fdopendir(handle.get()));
    if (!open_) {
        return skip(skip_reason::unreadable);
    }
    (void)handle.release();  // the stream closes it
    prefix_ = next.path;
    if (!prefix_.ends_with('/')) {
        prefix_ += '/';
    }
    return step::nothing;
}

walk::step walk::look_at(const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == "..") {
        return step::nothing;
    }
    const unsigned char type = type_of(::dirfd(open_.get()), entry);
    if (type == DT_LNK) {
        return skip(skip_reason::link);
    }
    if (type != DT_DIR && !is_source_name(name)) {
        return step::nothing;
    }
    if (!is_utf8(name)) {
        return skip(skip_reason::name);
    }
    switch (type) {
        case DT_DIR: pending_.push_back({prefix_ + entry.d_name}); return step::nothing;
        case DT_REG: path_.assign(prefix_).append(name); return step::file;
        case DT_UNKNOWN: return skip(reason_of(errno));
        default: return skip(skip_reason::special);
    }
}

}  // namespace census
