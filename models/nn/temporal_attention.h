#ifndef STEREOFARM_MODELS_NN_TEMPORAL_ATTENTION_H_
#define STEREOFARM_MODELS_NN_TEMPORAL_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>

#include "models/nn/layers.h"

namespace stereofarm {

// The motion module of AnimateDiff (Guo et al., 2023) as Video Depth Anything (Chen et al., "Video
// Depth Anything: Consistent Depth Estimation for Super-Long Videos", 2025) has it: each place of a
// map looks at itself in the other frames.

struct TemporalSelfAttention {
  LayerNorm norm;
  at::Tensor positions;  // [1, frames, channels]
  Linear query, key, value, out;
};

struct TemporalModule {
  int64_t channels = 0;
  at::Tensor norm_weight, norm_bias;  // of a group norm of 32 groups
  Linear in;
  std::array<TemporalSelfAttention, 2> attention;
  LayerNorm feed_forward_norm;
  Linear feed_forward_in, feed_forward_out;  // GEGLU (Shazeer, 2020)
  Linear out;
};

// From the tensors PREFIX.temporal_transformer.norm.weight and so on.
TemporalModule TakeTemporalModule(Parameters* parameters, const std::string& prefix,
                                  int64_t channels, int64_t frames);

// [B T, channels, H, W], frames of a film together, -> the same shape. T is at most what the
// positions were made for.
at::Tensor Forward(const TemporalModule& module, const at::Tensor& x, int64_t frames);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_TEMPORAL_ATTENTION_H_
