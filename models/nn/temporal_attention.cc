#include "models/nn/temporal_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>

#include <vector>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr int64_t kHeads = 8;
constexpr int64_t kGroups = 32;
constexpr double kGroupEpsilon = 1e-6;
constexpr double kLayerEpsilon = 1e-5;

// [places, T, channels] -> the same, with what was seen added
at::Tensor Attend(const TemporalSelfAttention& layer, const at::Tensor& x) {
  const int64_t places = x.size(0), frames = x.size(1), channels = x.size(2);
  const at::Tensor placed = Apply(layer.norm, x) + layer.positions.narrow(1, 0, frames);
  const auto heads = [&](const Linear& linear) {
    return Apply(linear, placed).reshape({places, frames, kHeads, channels / kHeads});
  };
  const at::Tensor mixed = Attention(heads(layer.query), heads(layer.key), heads(layer.value));
  return ApplyAndAdd(layer.out, mixed, x);
}

}  // namespace

TemporalModule TakeTemporalModule(Parameters* parameters, const std::string& prefix,
                                  int64_t channels, int64_t frames) {
  const std::string name = prefix + ".temporal_transformer";
  const std::string block = name + ".transformer_blocks.0";
  TemporalModule module;
  module.channels = channels;
  module.norm_weight = parameters->Take(name + ".norm.weight", {channels});
  module.norm_bias = parameters->Take(name + ".norm.bias", {channels});
  module.in = TakeLinear(parameters, name + ".proj_in", channels, channels);
  for (size_t i = 0; i < 2; ++i) {
    const std::string part = absl::StrFormat("%s.attention_blocks.%d", block, i);
    TemporalSelfAttention& layer = module.attention[i];
    layer.norm = TakeLayerNorm(parameters, absl::StrFormat("%s.norms.%d", block, i), channels,
                               kLayerEpsilon);
    layer.positions = parameters->Take(part + ".pos_encoder.pe", {1, frames, channels});
    layer.query = TakeLinear(parameters, part + ".to_q", channels, channels, /*bias=*/false);
    layer.key = TakeLinear(parameters, part + ".to_k", channels, channels, /*bias=*/false);
    layer.value = TakeLinear(parameters, part + ".to_v", channels, channels, /*bias=*/false);
    layer.out = TakeLinear(parameters, part + ".to_out.0", channels, channels);
  }
  module.feed_forward_norm = TakeLayerNorm(parameters, block + ".ff_norm", channels, kLayerEpsilon);
  module.feed_forward_in = TakeLinear(parameters, block + ".ff.net.0.proj", channels, 8 * channels);
  module.feed_forward_out = TakeLinear(parameters, block + ".ff.net.2", 4 * channels, channels);
  module.out = TakeLinear(parameters, name + ".proj_out", channels, channels);
  return module;
}

at::Tensor Forward(const TemporalModule& module, const at::Tensor& x, int64_t frames) {
  const int64_t films = x.size(0) / frames, height = x.size(2), width = x.size(3);
  // [B T, channels, H, W] -> [B H W, T, channels]
  at::Tensor places =
      at::group_norm(x, kGroups, module.norm_weight, module.norm_bias, kGroupEpsilon)
          .reshape({films, frames, module.channels, height * width})
          .permute({0, 3, 1, 2})
          .reshape({films * height * width, frames, module.channels});
  places = Apply(module.in, places);
  for (const TemporalSelfAttention& layer : module.attention) {
    places = Attend(layer, places);
  }
  const std::vector<at::Tensor> halves =
      Apply(module.feed_forward_in, Apply(module.feed_forward_norm, places)).chunk(2, -1);
  places = ApplyAndAdd(module.feed_forward_out, halves[0] * at::gelu(halves[1]), places);
  return Apply(module.out, places)
             .reshape({films, height, width, frames, module.channels})
             .permute({0, 3, 4, 1, 2})
             .reshape(x.sizes()) +
         x;
}

}  // namespace stereofarm
