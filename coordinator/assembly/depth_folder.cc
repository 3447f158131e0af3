#include "coordinator/assembly/depth_folder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/exr/exr.h"
#include "common/farm/depth_export.h"

namespace stereofarm {
namespace fs = std::filesystem;

namespace {

// The folder's EXR files in the order of their names.
absl::StatusOr<std::vector<fs::path>> FilesIn(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".exr") files.push_back(it->path());
  }
  if (error) {
    return absl::InvalidArgumentError(absl::StrFormat("--depth exr:%s: cannot read the folder: %s",
                                                      folder.string(), error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What the folder's first file says that it holds; empty where it doesn't.
absl::StatusOr<std::string> ValuesIn(const fs::path& folder) {
  SF_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesIn(folder));
  if (files.empty()) return std::string();
  int width = 0;
  int height = 0;
  const absl::StatusOr<ExrImage> header = ReadExrHeader(files.front(), &width, &height);
  if (!header.ok()) return Annotate(header.status(), "--depth exr:" + folder.string());
  const auto values = header->attributes.find(kDepthValues);
  return values == header->attributes.end() ? std::string() : values->second;
}

}  // namespace

absl::Status CheckDepthFolder(const fs::path& folder, int64_t frames, const FrameRange& range,
                              int width, int height) {
  const std::string option = "--depth exr:" + folder.string();
  SF_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesIn(folder));
  const auto found = static_cast<int64_t>(files.size());
  if (found != frames && found != range.size()) {
    const std::string or_range =
        range.size() == frames ? "" : absl::StrFormat(", or the %d of --range", range.size());
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: the folder has %d EXR files, the film has %d frames; it needs one for "
                        "every frame%s",
                        option, found, frames, or_range));
  }
  for (const fs::path& file : {files.front(), files.back()}) {
    int found_width = 0;
    int found_height = 0;
    const absl::StatusOr<ExrImage> header = ReadExrHeader(file, &found_width, &found_height);
    if (!header.ok()) return Annotate(header.status(), option);
    if (found_width != width || found_height != height) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: %s is %d x %d, the film's picture is %d x %d", option,
                          file.filename().string(), found_width, found_height, width, height));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HoldsExport(const fs::path& folder) {
  SF_ASSIGN_OR_RETURN(const std::string values, ValuesIn(folder));
  return values == kReconciledDepth || values == kReconciledMetres;
}

absl::Status CheckMetres(const fs::path& folder) {
  SF_ASSIGN_OR_RETURN(const std::string values, ValuesIn(folder));
  if (values != kReconciledDepth) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "--rig needs metres, but %s holds depth from 0 to 1; leave --rig out, or use a folder that "
      "was written by --export-depth exr-metres",
      folder.string()));
}

}  // namespace stereofarm
