#ifndef STEREOFARM_COMMON_EXR_GRAY_PNG_H_
#define STEREOFARM_COMMON_EXR_GRAY_PNG_H_

#include <filesystem>
#include <map>
#include <string>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// Writes the one channel of `image`, 0..1, as a greyscale PNG of 16 bits, rounded to nearest, with
// `texts` beside the picture (tEXt). The same input gives the same bytes. ResourceExhausted when
// the disk is full; no file is left behind on failure.
absl::Status WriteGrayPng(const std::filesystem::path& path, const Image& image,
                          const std::map<std::string, std::string>& texts);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_EXR_GRAY_PNG_H_
