#ifndef STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_PICTURE_H_
#define STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_PICTURE_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "common/base/status.h"
#include "common/image/image.h"
#include "models/api/depth_estimator.h"
#include "models/registry/depth_anything_size.h"

namespace stereofarm {

// Pictures as Depth Anything V2 and Video Depth Anything want them; the published pre-processing.

// Frames of the picture's own size in, depth of the network's size out. InvalidArgument names
// `source`, the network's file, when the picture is too long and narrow.
absl::StatusOr<DepthPlan> DepthAnythingPlan(const std::string& source, ImageSize picture, int side);

// Code values 0..1 of R, G, B -> [3, height, width]: resized by cubic convolution (a = -0.75, no
// low-pass, nothing clipped), then normalised by ImageNet's mean and deviation.
at::Tensor DepthAnythingInput(const Image& rgb, ImageSize network);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_PICTURE_H_
