#ifndef STEREOFARM_TESTS_GOLDEN_GOLDEN_PICTURE_H_
#define STEREOFARM_TESTS_GOLDEN_GOLDEN_PICTURE_H_

#include <ATen/core/Tensor.h>

#include <filesystem>

#include "common/base/status.h"

namespace stereofarm {

// The picture that lies in `folder`: bytes [H, W, 3]. NotFound; Unimplemented in a build without
// OpenImageIO.
absl::StatusOr<at::Tensor> ReadGoldenPicture(const std::filesystem::path& folder);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_GOLDEN_GOLDEN_PICTURE_H_
