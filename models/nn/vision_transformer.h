#ifndef STEREOFARM_MODELS_NN_VISION_TRANSFORMER_H_
#define STEREOFARM_MODELS_NN_VISION_TRANSFORMER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "models/nn/layers.h"

namespace stereofarm {

// The DINOv2 vision transformer (Oquab et al., "DINOv2: Learning Robust Visual Features without
// Supervision", 2023; Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020) without registers,
// as Depth Anything uses it.

inline constexpr int64_t kPatch = 14;  // pixels a token's square has on each side

struct VisionTransformerConfig {
  int64_t width = 0;  // numbers of a token
  int64_t depth = 0;  // blocks
  int64_t heads = 0;
  int64_t grid = 37;          // the position embedding is one of grid x grid tokens
  std::vector<int64_t> taps;  // blocks whose result is handed out, rising, from 0
  bool swiglu = false;        // the feed-forward layers of the giant
};

// What a file of weights doesn't tell of its encoder.
struct EncoderLayout {
  int64_t heads = 0;
  std::vector<int64_t> taps;
};

// The sizes of the encoder whose tensors begin with PREFIX. Without a layout, that of the published
// network of this width and depth (small, base, large or giant). InvalidArgument when there is
// none, or when the layout doesn't fit.
absl::StatusOr<VisionTransformerConfig> EncoderConfig(const Parameters& parameters,
                                                      const std::string& prefix,
                                                      const std::optional<EncoderLayout>& layout);

struct TransformerBlock {
  LayerNorm norm1;
  Linear qkv;
  Linear projection;  // with the layer scale in it, as fc2
  LayerNorm norm2;
  Linear fc1;  // w12 of a SwiGLU block
  Linear fc2;  // w3
};

struct VisionTransformer {
  VisionTransformerConfig config;
  SquareConv2d patch_embed;
  at::Tensor class_token;  // [1, 1, width]
  at::Tensor pos_embed;    // [1, 1 + grid^2, width]
  std::vector<TransformerBlock> blocks;
  LayerNorm norm;
};

// From the tensors PREFIX.cls_token, PREFIX.blocks.0.norm1.weight and so on.
VisionTransformer TakeVisionTransformer(Parameters* parameters, const std::string& prefix,
                                        const VisionTransformerConfig& config);

// [B, 3, H, W], H and W multiples of kPatch -> for each tap [B, (H / kPatch) (W / kPatch), width],
// normalised, without the class token.
std::vector<at::Tensor> Forward(const VisionTransformer& net, const at::Tensor& x,
                                const Watch& watch = {});

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_VISION_TRANSFORMER_H_
