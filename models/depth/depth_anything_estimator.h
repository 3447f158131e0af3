#ifndef STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_ESTIMATOR_H_

#include <filesystem>
#include <memory>
#include <string>

#include "models/api/depth_estimator.h"

namespace stereofarm {

// Depth Anything V2 with the weights of a file (models/depth/depth_anything_v2.h): each frame by
// itself, in the published size, 518 pixels on the shorter side. `device` is "cpu" or "cuda:N"; on
// the CPU the numbers don't depend on how many threads there are. Computes in float32 on the CPU,
// in half precision on a GPU, with `in_bfloat16` in that on either. NotFound or InvalidArgument
// name the file and what's wrong with it; Unavailable when the device isn't there.
absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadDepthAnythingEstimator(
    const std::filesystem::path& file, const std::string& device, bool in_bfloat16 = false);

// Video Depth Anything with the weights of a file (models/depth/video_depth_anything.h), in windows
// of 32 frames along the stream. What a frame gets depends on the stream from its beginning to 31
// frames past the frame: the windows are brought to the scale of the first.
absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadVideoDepthAnythingEstimator(
    const std::filesystem::path& file, const std::string& device, bool in_bfloat16 = false);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_ESTIMATOR_H_
