#ifndef STEREOFARM_MODELS_DEPTH_VIDEO_DEPTH_ANYTHING_H_
#define STEREOFARM_MODELS_DEPTH_VIDEO_DEPTH_ANYTHING_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <optional>

#include "models/nn/dpt_head.h"
#include "models/nn/temporal_attention.h"
#include "models/nn/vision_transformer.h"

namespace stereofarm {

inline constexpr int64_t kVideoFrames = 32;  // of one window

// Video Depth Anything (Chen et al., "Video Depth Anything: Consistent Depth Estimation for
// Super-Long Videos", 2025): Depth Anything V2 whose head looks along time in four places.
struct VideoDepthAnything {
  VisionTransformer encoder;
  DptHead head;
  // On the maps 2 and 3 of the pyramid, then on its paths 3 and 2.
  std::array<TemporalModule, 4> motion;
};

// Without a layout, the file must hold a network of a published size. InvalidArgument names the
// file and the tensor that doesn't fit.
absl::StatusOr<VideoDepthAnything> LoadVideoDepthAnything(
    const std::shared_ptr<const WeightFile>& file, const ParameterPlace& place = {},
    const std::optional<EncoderLayout>& layout = std::nullopt);

// RGB [B, T, 3, H, W], normalised by ImageNet's mean and deviation, H and W multiples of 14, T at
// most kVideoFrames, -> [B, T, H, W], >= 0: inverse depth up to a scale and a shift for each film.
at::Tensor Forward(const VideoDepthAnything& net, const at::Tensor& x, const Watch& watch = {});

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_VIDEO_DEPTH_ANYTHING_H_
