#ifndef STEREOFARM_COMMON_MEDIA_PNG_H_
#define STEREOFARM_COMMON_MEDIA_PNG_H_

#include <filesystem>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// Writes R, G, B of code values in 0..1 as a PNG of 8 bits, rounded to nearest; replaces the file
// in one step.
absl::Status WritePng(const std::filesystem::path& path, const Image& rgb);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PNG_H_
