// Instead of golden_picture.cc where there's no OpenImageIO.
#include "absl/strings/str_format.h"
#include "tests/golden/golden_picture.h"

namespace stereofarm {

absl::StatusOr<at::Tensor> ReadGoldenPicture(const std::filesystem::path& folder) {
  return absl::UnimplementedError(
      absl::StrFormat("%s: its picture can't be read, since OpenImageIO was missing at the build",
                      folder.string()));
}

}  // namespace stereofarm
