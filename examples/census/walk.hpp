// Finds the sources below directories, one directory entry at a time.
#pragma once

#include "tally.hpp"

#include <dirent.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace census {

/// Walks depth first and follows no link but those that were given as arguments. Names that are neither sources nor
/// directories are passed over; links, whatever their name, are skipped; FIFOs, sockets and devices count as skipped
/// when they bear the name of a source. What is never entered is skipped as one: a directory that is unreadable, or
/// whose name is not UTF-8. Names above the arguments and of the arguments themselves are not judged.
/// One thread. Memory: the path of one directory for each that was seen and not entered yet.
class walk {
public:
    enum class step {
        file,     // path() is a source
        skipped,  // reason() says why
        nothing,  // an entry that does not count; call again
        finished,
    };

    explicit walk(std::vector<std::string> directories);

    /// Looks at one entry. Blocks for as long as the file system takes. Throws std::bad_alloc only.
    [[nodiscard]] step next();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] skip_reason reason() const { return reason_; }

private:
    struct directory {
        std::string path;
        bool argument = false;
    };
    struct close_directory {
        void operator()(DIR* stream) const { ::closedir(stream); }
    };

    step enter();
    step look_at(const dirent& entry);
    step skip(skip_reason why) {
        reason_ = why;
        return step::skipped;
    }

    std::vector<directory> pending_;
    std::unique_ptr<DIR, close_directory> open_;
    std::string prefix_;  // of the open directory, with the slash
    std::string path_;
    skip_reason reason_ = skip_reason::unreadable;
};

}  // namespace census
