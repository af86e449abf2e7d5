#pragma once

#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

#include "drover/base/text.hpp"
#include "drover/report/exposition.hpp"
#include "drover/report/file_in_waiting.hpp"
#include "drover/report/metric_family.hpp"

namespace drover {

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
    detail::file_in_waiting waiting(file, "metrics");
    waiting.write(text);
    waiting.put_in_place();
}

}  // namespace drover
