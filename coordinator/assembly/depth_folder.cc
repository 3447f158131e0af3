#include "coordinator/assembly/depth_folder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/exr/exr.h"

namespace stereofarm {
namespace fs = std::filesystem;

absl::Status CheckDepthFolder(const fs::path& folder, int64_t frames, int width, int height) {
  const std::string option = "--depth exr:" + folder.string();
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".exr") files.push_back(it->path());
  }
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: cannot read the folder: %s", option, error.message()));
  }
  if (static_cast<int64_t>(files.size()) != frames) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: the folder has %d EXR files, the film has %d frames; it needs one for "
                        "every frame",
                        option, files.size(), frames));
  }
  std::sort(files.begin(), files.end());
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

}  // namespace stereofarm
