#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace drover_test {

/// A fresh folder that goes away with all that is in it.
class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "drover-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("cannot make a folder like " + name);
        }
        path_ = name;
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::string path() const { return path_.string(); }

    /// Writes a file below the folder, and the folders it stands in. `file` begins with a slash.
    void write(const std::string& file, const std::string& text) const {
        const std::filesystem::path whole = path_.string() + file;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole) << text;
    }

private:
    std::filesystem::path path_;
};

}  // namespace drover_test
