#include "models/nn/dpt_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "models/nn/vision_transformer.h"

namespace stereofarm {
namespace {

constexpr int64_t kLastFeatures = 32;
// Pictures whose fine levels are worked on together: they take most of the memory.
constexpr int64_t kFineBatch = 4;

ResidualConvUnit TakeUnit(Parameters* parameters, const std::string& name, int64_t features) {
  return {TakeConv2d(parameters, name + ".conv1", features, features, 3),
          TakeConv2d(parameters, name + ".conv2", features, features, 3)};
}

at::Tensor Apply(const ResidualConvUnit& unit, const at::Tensor& x) {
  return ApplyAndAdd(unit.conv2, Apply(unit.conv1, at::relu(x), Activation::kRelu), x);
}

// A 1x1 convolution, which is a linear layer on each token.
Linear TakeProjection(Parameters* parameters, const std::string& name, int64_t in, int64_t out) {
  const at::Tensor weight = parameters->Take(name + ".weight", {out, in, 1, 1});
  const at::Tensor bias = parameters->Take(name + ".bias", {out});
  return MakeLinear(weight.dim() == 4 ? weight.flatten(1) : weight, bias);
}

// `path`: from the coarser level; `map`: this level's own, undefined at the coarsest. The 1x1
// convolution stands before the enlargement: they may change places, since bilinear weights add up
// to one, and there are four times fewer pixels here.
at::Tensor Fuse(const FusionBlock& block, const at::Tensor& path, const at::Tensor& map,
                int64_t height, int64_t width) {
  const at::Tensor sum = map.defined() ? path + Apply(block.side, map) : path;
  return ResizeAligned(Apply(block.out, Apply(block.sum, sum)), height, width);
}

// The two fine levels and what makes a picture of them.
at::Tensor FinePart(const DptHead& head, const at::Tensor& path_3, const at::Tensor& map_2,
                    const at::Tensor& map_1, int64_t rows, int64_t columns, const Watch& watch) {
  const at::Tensor path_2 = Fuse(head.fusion[1], path_3, map_2, map_1.size(2), map_1.size(3));
  const at::Tensor path_1 =
      Fuse(head.fusion[0], path_2, map_1, map_1.size(2) * 2, map_1.size(3) * 2);
  const at::Tensor fine =
      ResizeAligned(Apply(head.output1, path_1), rows * kPatch, columns * kPatch);
  const at::Tensor last = Apply(head.output3, Apply(head.output2, fine, Activation::kRelu));
  const at::Tensor out = at::relu(last);
  if (watch) {
    watch("path_2", path_2);
    watch("path_1", path_1);
    watch("head_out", out);
  }
  return out;
}

}  // namespace

DptHeadConfig HeadConfig(const Parameters& parameters, const std::string& prefix, int64_t tokens) {
  DptHeadConfig config;
  config.tokens = tokens;
  config.features = parameters.SizeOf(prefix + ".scratch.layer1_rn.weight", 0);
  for (size_t i = 0; i < 4; ++i) {
    config.channels[i] = parameters.SizeOf(absl::StrFormat("%s.projects.%d.weight", prefix, i), 0);
  }
  return config;
}

DptHead TakeDptHead(Parameters* parameters, const std::string& prefix,
                    const DptHeadConfig& config) {
  const std::array<int64_t, 4>& c = config.channels;
  const int64_t f = config.features;
  DptHead head;
  head.config = config;
  for (size_t i = 0; i < 4; ++i) {
    head.project[i] = TakeProjection(parameters, absl::StrFormat("%s.projects.%d", prefix, i),
                                     config.tokens, c[i]);
  }
  head.enlarge4 = TakeSquareTranspose2d(parameters, prefix + ".resize_layers.0", c[0], c[0], 4);
  head.enlarge2 = TakeSquareTranspose2d(parameters, prefix + ".resize_layers.1", c[1], c[1], 2);
  head.halve = TakeConv2d(parameters, prefix + ".resize_layers.3", c[3], c[3], 3, 2);
  const std::string scratch = prefix + ".scratch";
  for (size_t i = 0; i < 4; ++i) {
    head.even[i] = TakeConv2d(parameters, absl::StrFormat("%s.layer%d_rn", scratch, i + 1), c[i], f,
                              3, 1, /*bias=*/false);
    const std::string name = absl::StrFormat("%s.refinenet%d", scratch, i + 1);
    if (i < 3) head.fusion[i].side = TakeUnit(parameters, name + ".resConfUnit1", f);
    head.fusion[i].sum = TakeUnit(parameters, name + ".resConfUnit2", f);
    head.fusion[i].out = TakeConv2d(parameters, name + ".out_conv", f, f, 1);
  }
  parameters->Ignore(scratch +
                     ".refinenet4.resConfUnit1");  // there's nothing to add at the coarsest
  head.output1 = TakeConv2d(parameters, scratch + ".output_conv1", f, f / 2, 3);
  head.output2 = TakeConv2d(parameters, scratch + ".output_conv2.0", f / 2, kLastFeatures, 3);
  head.output3 = TakeConv2d(parameters, scratch + ".output_conv2.2", kLastFeatures, 1, 1);
  return head;
}

at::Tensor Forward(const DptHead& head, const std::vector<at::Tensor>& taps, int64_t rows,
                   int64_t columns, const Watch& watch, const DptHooks& hooks) {
  const auto project = [&](size_t i) { return Apply(head.project[i], taps[i]); };
  const auto as_map = [&](const at::Tensor& tokens) {
    return tokens.reshape({tokens.size(0), rows, columns, tokens.size(2)}).permute({0, 3, 1, 2});
  };
  std::array<at::Tensor, 4> maps = {
      EnlargeToSquares(head.enlarge4, project(0), rows, columns),
      EnlargeToSquares(head.enlarge2, project(1), rows, columns),
      as_map(project(2)),
      Apply(head.halve, as_map(project(3))),
  };
  for (int i = 0; i < 4; ++i) {
    const size_t level = static_cast<size_t>(i);
    if (hooks.on_map && i >= 2) maps[level] = hooks.on_map(i, maps[level]);
    maps[level] = Apply(head.even[level], maps[level]);
  }
  at::Tensor path = Fuse(head.fusion[3], maps[3], {}, maps[2].size(2), maps[2].size(3));
  if (hooks.on_path) path = hooks.on_path(3, path);
  if (watch) watch("path_4", path);
  path = Fuse(head.fusion[2], path, maps[2], maps[1].size(2), maps[1].size(3));
  if (hooks.on_path) path = hooks.on_path(2, path);
  if (watch) watch("path_3", path);
  if (watch) return FinePart(head, path, maps[1], maps[0], rows, columns, watch);
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < path.size(0); begin += kFineBatch) {
    const int64_t count = std::min(kFineBatch, path.size(0) - begin);
    const auto part = [&](const at::Tensor& all) { return all.narrow(0, begin, count); };
    parts.push_back(FinePart(head, part(path), part(maps[1]), part(maps[0]), rows, columns, watch));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts);
}

}  // namespace stereofarm
