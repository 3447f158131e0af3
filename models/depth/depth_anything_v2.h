#ifndef STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_V2_H_
#define STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_V2_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "models/nn/dpt_head.h"
#include "models/nn/vision_transformer.h"

namespace stereofarm {

// Depth Anything V2 (Yang et al., "Depth Anything V2", 2024): DINOv2 and a DPT head. One picture
// in, inverse depth up to a scale and a shift out.
struct DepthAnythingV2 {
  VisionTransformer encoder;
  DptHead head;
};

// Reads a file in the original spelling of names or Hugging Face's. Without a layout, the file must
// hold a network of a published size. InvalidArgument names the file and the tensor that doesn't
// fit.
absl::StatusOr<DepthAnythingV2> LoadDepthAnythingV2(
    const std::shared_ptr<const WeightFile>& file, const ParameterPlace& place = {},
    const std::optional<EncoderLayout>& layout = std::nullopt);

// RGB [B, 3, H, W], normalised by ImageNet's mean and deviation, H and W multiples of 14, -> [B, H,
// W], >= 0: inverse depth.
at::Tensor Forward(const DepthAnythingV2& net, const at::Tensor& x, const Watch& watch = {});

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_DEPTH_ANYTHING_V2_H_
