#include "models/nn/vision_transformer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace stereofarm {
namespace {

constexpr double kEpsilon = 1e-6;

// Small, base, large, giant.
const VisionTransformerConfig kPublished[] = {
    {.width = 384, .depth = 12, .heads = 6, .taps = {2, 5, 8, 11}},
    {.width = 768, .depth = 12, .heads = 12, .taps = {2, 5, 8, 11}},
    {.width = 1024, .depth = 24, .heads = 16, .taps = {4, 11, 17, 23}},
    {.width = 1536, .depth = 40, .heads = 24, .taps = {9, 19, 29, 39}},
};

// What is added to the tokens after attention or the feed-forward layers is scaled, number by
// number of a token; that scale goes into the layer that makes it.
Linear TakeScaled(Parameters* parameters, const std::string& name, const std::string& scale,
                  int64_t in, int64_t out) {
  const at::Tensor weight = parameters->Take(name + ".weight", {out, in});
  const at::Tensor bias = parameters->Take(name + ".bias", {out});
  const at::Tensor factor = parameters->Take(scale, {out});
  if (weight.dim() != 2 || bias.dim() != 1 || factor.numel() != out) return {};
  return MakeLinear(weight * factor.unsqueeze(1), bias * factor);
}

TransformerBlock TakeBlock(Parameters* parameters, const std::string& name,
                           const VisionTransformerConfig& config) {
  const int64_t d = config.width;
  // Two thirds of 4 d, up to a multiple of 8; or 4 d.
  const int64_t hidden = config.swiglu ? (4 * d * 2 / 3 + 7) / 8 * 8 : 4 * d;
  TransformerBlock block;
  block.norm1 = TakeLayerNorm(parameters, name + ".norm1", d, kEpsilon);
  block.qkv = TakeLinear(parameters, name + ".attn.qkv", d, 3 * d);
  block.projection = TakeScaled(parameters, name + ".attn.proj", name + ".ls1.gamma", d, d);
  block.norm2 = TakeLayerNorm(parameters, name + ".norm2", d, kEpsilon);
  block.fc1 = TakeLinear(parameters, name + (config.swiglu ? ".mlp.w12" : ".mlp.fc1"), d,
                         config.swiglu ? 2 * hidden : hidden);
  block.fc2 = TakeScaled(parameters, name + (config.swiglu ? ".mlp.w3" : ".mlp.fc2"),
                         name + ".ls2.gamma", hidden, d);
  return block;
}

// [B, N, width] -> [B, N, width]
at::Tensor SelfAttention(const TransformerBlock& block, int64_t heads, const at::Tensor& x) {
  const int64_t b = x.size(0), n = x.size(1), d = x.size(2);
  const at::Tensor qkv = Apply(block.qkv, x).reshape({b, n, 3, heads, d / heads});
  return Attention(qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2));
}

// The hidden numbers of the feed-forward layers.
at::Tensor Hidden(const TransformerBlock& block, bool swiglu, const at::Tensor& x) {
  if (!swiglu) return Apply(block.fc1, x, Activation::kGelu);
  const std::vector<at::Tensor> halves = Apply(block.fc1, x).chunk(2, -1);
  return at::silu(halves[0]) * halves[1];
}

at::Tensor Forward(const TransformerBlock& block, const VisionTransformerConfig& config,
                   const at::Tensor& x) {
  const at::Tensor y =
      ApplyAndAdd(block.projection, SelfAttention(block, config.heads, Apply(block.norm1, x)), x);
  return ApplyAndAdd(block.fc2, Hidden(block, config.swiglu, Apply(block.norm2, y)), y);
}

// The position embedding of a grid of `rows` x `columns` tokens, class token first. The published
// code enlarges it by a factor that is a tenth of a token too large, and samples by that factor.
at::Tensor PositionsOf(const VisionTransformer& net, int64_t rows, int64_t columns) {
  const int64_t grid = net.config.grid, d = net.config.width;
  if (rows == grid && columns == grid) return net.pos_embed;
  const at::Tensor patches =
      net.pos_embed.narrow(1, 1, grid * grid).reshape({1, grid, grid, d}).permute({0, 3, 1, 2});
  const auto factor = [grid](int64_t tokens) {
    return (static_cast<double>(tokens) + 0.1) / static_cast<double>(grid);
  };
  const at::Tensor resized =
      at::upsample_bicubic2d(patches, {rows, columns}, /*align_corners=*/false, factor(rows),
                             factor(columns))
          .permute({0, 2, 3, 1})
          .reshape({1, rows * columns, d});
  return at::cat({net.pos_embed.narrow(1, 0, 1), resized}, 1);
}

std::optional<EncoderLayout> LayoutInFile(const Parameters& parameters) {
  EncoderLayout layout;
  if (!absl::SimpleAtoi(parameters.Metadata("heads"), &layout.heads)) return std::nullopt;
  for (const std::string& part :
       std::vector<std::string>(absl::StrSplit(parameters.Metadata("taps"), ','))) {
    int64_t tap = 0;
    if (!absl::SimpleAtoi(part, &tap)) return std::nullopt;
    layout.taps.push_back(tap);
  }
  return layout;
}

}  // namespace

absl::StatusOr<VisionTransformerConfig> EncoderConfig(const Parameters& parameters,
                                                      const std::string& prefix,
                                                      const std::optional<EncoderLayout>& layout) {
  VisionTransformerConfig config;
  config.width = parameters.SizeOf(prefix + ".cls_token", 2);
  while (parameters.Has(absl::StrFormat("%s.blocks.%d.ls1.gamma", prefix, config.depth))) {
    ++config.depth;
  }
  const int64_t positions = parameters.SizeOf(prefix + ".pos_embed", 1);
  config.grid = std::llround(std::sqrt(static_cast<double>(std::max<int64_t>(positions - 1, 0))));
  config.swiglu = parameters.Has(prefix + ".blocks.0.mlp.w12.weight");
  if (const std::optional<EncoderLayout> told = layout ? layout : LayoutInFile(parameters); told) {
    config.heads = told->heads;
    config.taps = told->taps;
  } else {
    const auto published =
        std::ranges::find_if(kPublished, [&](const VisionTransformerConfig& known) {
          return known.width == config.width && known.depth == config.depth;
        });
    if (published == std::end(kPublished)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: an encoder of width %d and depth %d isn't a published Depth Anything's",
          parameters.path().string(), config.width, config.depth));
    }
    config.heads = published->heads;
    config.taps = published->taps;
  }
  if (config.width < 1 || config.depth < 1 || config.grid < 1 || config.heads < 1 ||
      config.width % config.heads != 0 || config.taps.size() != 4 ||
      !std::ranges::is_sorted(config.taps) || config.taps.front() < 0 ||
      config.taps.back() >= config.depth) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: an encoder of width %d, depth %d and %d x %d positions can't have %d heads and taps "
        "like these",
        parameters.path().string(), config.width, config.depth, config.grid, config.grid,
        config.heads));
  }
  return config;
}

VisionTransformer TakeVisionTransformer(Parameters* parameters, const std::string& prefix,
                                        const VisionTransformerConfig& config) {
  const int64_t d = config.width;
  VisionTransformer net;
  net.config = config;
  net.patch_embed = TakeSquareConv2d(parameters, prefix + ".patch_embed.proj", 3, d, kPatch);
  net.class_token = parameters->Take(prefix + ".cls_token", {1, 1, d});
  net.pos_embed = parameters->Take(prefix + ".pos_embed", {1, 1 + config.grid * config.grid, d});
  for (int64_t i = 0; i < config.depth; ++i) {
    net.blocks.push_back(TakeBlock(parameters, absl::StrFormat("%s.blocks.%d", prefix, i), config));
  }
  net.norm = TakeLayerNorm(parameters, prefix + ".norm", d, kEpsilon);
  parameters->Ignore(prefix + ".mask_token");  // of the training
  return net;
}

std::vector<at::Tensor> Forward(const VisionTransformer& net, const at::Tensor& x,
                                const Watch& watch) {
  const int64_t b = x.size(0), d = net.config.width;
  const at::Tensor positions = PositionsOf(net, x.size(2) / kPatch, x.size(3) / kPatch);
  const at::Tensor patches = ApplyToSquares(net.patch_embed, x);
  at::Tensor tokens = at::cat({net.class_token.expand({b, 1, d}), patches}, 1) + positions;
  if (watch) {
    watch("pos_embed", positions);
    watch("tokens_with_pos", tokens);
  }
  std::vector<at::Tensor> tapped;
  for (size_t i = 0; i < net.blocks.size(); ++i) {
    tokens = Forward(net.blocks[i], net.config, tokens);
    if (watch && i == 0) watch("block0_out", tokens);
    if (std::ranges::count(net.config.taps, static_cast<int64_t>(i)) > 0) {
      tapped.push_back(Apply(net.norm, tokens.narrow(1, 1, tokens.size(1) - 1)));
    }
  }
  if (watch) watch("block_last_out", tokens);
  return tapped;
}

}  // namespace stereofarm
