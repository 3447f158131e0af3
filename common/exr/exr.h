#ifndef STEREOFARM_COMMON_EXR_EXR_H_
#define STEREOFARM_COMMON_EXR_EXR_H_

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// One OpenEXR picture: planes of `image` are the channels, in the order of `channels`.
struct ExrImage {
  Image image;
  std::vector<std::string> channels;
  std::map<std::string, std::string> attributes;  // text attributes; numbers are read as text
};

// How pixels are written.
enum class ExrPixels {
  kHalf,      // halves, ZIP (16 rows)
  kFastHalf,  // halves, uncompressed
  kFloat,     // as they are, ZIP
};

// The pixels must be finite (InvalidArgument names the channel). The same input gives the same
// bytes. ResourceExhausted when the disk is full; no file is left behind on failure.
absl::Status WriteExr(const std::filesystem::path& path, const Image& image,
                      const std::vector<std::string>& channels,
                      const std::map<std::string, std::string>& attributes,
                      ExrPixels pixels = ExrPixels::kHalf);

// Reads all channels of the file's first part, tiles too, in the order of their names. NotFound,
// DataLoss (not an EXR, cut off, a channel with fewer pixels than the others) name the file.
absl::StatusOr<ExrImage> ReadExr(const std::filesystem::path& path);

// Reads only the header: image stays empty; width and height by reference.
absl::StatusOr<ExrImage> ReadExrHeader(const std::filesystem::path& path, int* width, int* height);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_EXR_EXR_H_
