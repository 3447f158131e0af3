#include "models/flow/raft.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/im2col.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/flow/princeton_names.h"

namespace stereofarm {
namespace {

constexpr int64_t kEighth = 8;
constexpr int64_t kLeast = 128;  // smaller pictures have no coarsest correlation
constexpr int kLevels = 4;
constexpr double kNormEpsilon = 1e-5;

// --- taking ---

RaftConv TakeRaftConv(Parameters* parameters, const std::string& name, RaftNorm norm, int64_t in,
                      int64_t out, int64_t kernel, int64_t stride) {
  RaftConv layer;
  layer.norm = norm;
  layer.conv = TakeConv2d(parameters, name + ".0", in, out, kernel, stride);
  if (norm == RaftNorm::kBatch) {
    layer.weight = parameters->Take(name + ".1.weight", {out});
    layer.bias = parameters->Take(name + ".1.bias", {out});
    layer.mean = parameters->Take(name + ".1.running_mean", {out});
    layer.variance = parameters->Take(name + ".1.running_var", {out});
    parameters->Ignore(name + ".1.num_batches_tracked");  // of the training
  }
  return layer;
}

RaftBlock TakeBlock(Parameters* parameters, const std::string& name, RaftNorm norm, int64_t in,
                    int64_t out, int64_t stride) {
  RaftBlock block;
  const auto conv = [&](int number, int64_t from, int64_t to, int64_t kernel, int64_t step) {
    block.convs.push_back(TakeRaftConv(parameters,
                                       absl::StrFormat("%s.convnormrelu%d", name, number), norm,
                                       from, to, kernel, step));
  };
  if (parameters->Has(name + ".convnormrelu3.0.weight")) {
    conv(1, in, out / 4, 1, 1);
    conv(2, out / 4, out / 4, 3, stride);
    conv(3, out / 4, out, 1, 1);
  } else {
    conv(1, in, out, 3, stride);
    conv(2, out, out, 3, 1);
  }
  if (stride > 1) {
    block.downsample = TakeRaftConv(parameters, name + ".downsample", norm, in, out, 1, stride);
    parameters->Ignore(name + ".norm3.");  // the authors' files have this norm under both names
  }
  return block;
}

RaftEncoder TakeEncoder(Parameters* parameters, const std::string& name, RaftNorm norm) {
  RaftEncoder encoder;
  int64_t in = parameters->SizeOf(name + ".convnormrelu.0.weight", 0);
  encoder.first = TakeRaftConv(parameters, name + ".convnormrelu", norm, 3, in, 7, 2);
  for (int layer = 1; layer <= 3; ++layer) {
    for (int i = 0; i < 2; ++i) {
      const std::string block = absl::StrFormat("%s.layer%d.%d", name, layer, i);
      const bool bottleneck = parameters->Has(block + ".convnormrelu3.0.weight");
      const int64_t out = parameters->SizeOf(
          block + (bottleneck ? ".convnormrelu3.0.weight" : ".convnormrelu1.0.weight"), 0);
      encoder.blocks.push_back(
          TakeBlock(parameters, block, norm, in, out, layer > 1 && i == 0 ? 2 : 1));
      in = out;
    }
  }
  encoder.last =
      TakeConv2d(parameters, name + ".conv", in, parameters->SizeOf(name + ".conv.weight", 0), 1);
  return encoder;
}

// `in` channels to what the file has, kernel too.
Conv2d TakeAsStored(Parameters* parameters, const std::string& name, int64_t in) {
  const std::string weight = name + ".weight";
  return TakeConv2d(parameters, name, in, parameters->SizeOf(weight, 0),
                    {parameters->SizeOf(weight, 2), parameters->SizeOf(weight, 3)});
}

RaftMotionEncoder TakeMotionEncoder(Parameters* parameters, const std::string& name,
                                    int64_t correlations) {
  RaftMotionEncoder encoder;
  int64_t joined = 0;
  for (const auto& [part, in, convs] : {std::tuple(".convcorr", correlations, &encoder.correlation),
                                        std::tuple(".convflow", int64_t{2}, &encoder.flow)}) {
    int64_t channels = in;
    for (int i = 1; i <= 2; ++i) {
      const std::string conv = absl::StrFormat("%s%s%d.0", name, part, i);
      if (!parameters->Has(conv + ".weight")) break;
      convs->push_back(TakeAsStored(parameters, conv, channels));
      channels = parameters->SizeOf(conv + ".weight", 0);
    }
    joined += channels;
  }
  encoder.joined = TakeAsStored(parameters, name + ".conv.0", joined);
  return encoder;
}

// --- the network ---

at::Tensor Normalised(const RaftConv& layer, const at::Tensor& x) {
  const at::Tensor y = Apply(layer.conv, x);
  switch (layer.norm) {
    case RaftNorm::kNone:
      return y;
    case RaftNorm::kInstance:
      return at::instance_norm(y, {}, {}, {}, {}, /*use_input_stats=*/true, 0, kNormEpsilon, false);
    case RaftNorm::kBatch:
      return at::batch_norm(y, layer.weight, layer.bias, layer.mean, layer.variance,
                            /*training=*/false, 0, kNormEpsilon, false);
  }
  return y;
}

at::Tensor Apply(const RaftConv& layer, const at::Tensor& x) {
  return at::relu(Normalised(layer, x));
}

at::Tensor Apply(const RaftBlock& block, const at::Tensor& x) {
  at::Tensor y = x;
  for (const RaftConv& conv : block.convs) y = Apply(conv, y);
  return at::relu((block.downsample ? Normalised(*block.downsample, x) : x) + y);
}

at::Tensor Apply(const RaftEncoder& encoder, const at::Tensor& x) {
  at::Tensor y = Apply(encoder.first, x);
  for (const RaftBlock& block : encoder.blocks) y = Apply(block, y);
  return Apply(encoder.last, y);
}

// Each pixel of one map beside each of the other, and that at half, quarter and eighth the size: [B
// h w, 1, h / 2^l, w / 2^l].
std::vector<at::Tensor> CorrelationPyramid(const at::Tensor& from, const at::Tensor& to) {
  const int64_t b = from.size(0), c = from.size(1), h = from.size(2), w = from.size(3);
  const at::Tensor all =
      at::bmm(from.flatten(2).transpose(1, 2), to.flatten(2)) / std::sqrt(static_cast<double>(c));
  std::vector<at::Tensor> pyramid = {all.reshape({b * h * w, 1, h, w})};
  for (int level = 1; level < kLevels; ++level) {
    pyramid.push_back(at::avg_pool2d(pyramid.back(), {2, 2}, {2, 2}));
  }
  return pyramid;
}

// What the pyramid holds around each pixel's present target `places` [B, 2, h, w]: [B, levels (2
// radius + 1)^2, h, w]. The window runs along x first: the first of its two steps is added to x.
at::Tensor LookUp(const std::vector<at::Tensor>& pyramid, const at::Tensor& places,
                  int64_t radius) {
  const int64_t b = places.size(0), h = places.size(2), w = places.size(3);
  const int64_t side = 2 * radius + 1;
  const at::Tensor steps = at::arange(-radius, radius + 1, places.options());
  const at::Tensor window = at::stack(at::meshgrid({steps, steps}, "ij"), -1);
  const at::Tensor centres = places.permute({0, 2, 3, 1}).reshape({b * h * w, 1, 1, 2});
  std::vector<at::Tensor> found;
  for (size_t level = 0; level < pyramid.size(); ++level) {
    const at::Tensor& map = pyramid[level];
    const at::Tensor at = centres / std::pow(2.0, static_cast<double>(level)) + window;
    const auto normalised = [&](int64_t axis, int64_t size) {
      return at.select(-1, axis) * (2.0 / static_cast<double>(size - 1)) - 1;
    };
    const at::Tensor grid = at::stack({normalised(0, map.size(3)), normalised(1, map.size(2))}, -1);
    found.push_back(at::grid_sampler_2d(map, grid, /*interpolation_mode=*/0, /*padding_mode=*/0,
                                        /*align_corners=*/true)
                        .reshape({b, h, w, side * side}));
  }
  return at::cat(found, -1).permute({0, 3, 1, 2}).contiguous();
}

at::Tensor Apply(const RaftMotionEncoder& encoder, const at::Tensor& correlation,
                 const at::Tensor& flow) {
  at::Tensor seen = correlation, moved = flow;
  for (const Conv2d& conv : encoder.correlation) seen = Apply(conv, seen, Activation::kRelu);
  for (const Conv2d& conv : encoder.flow) moved = Apply(conv, moved, Activation::kRelu);
  return at::cat({Apply(encoder.joined, at::cat({seen, moved}, 1), Activation::kRelu), flow}, 1);
}

// LibTorch's own sigmoid, and its softmax over another dimension than the last, give other last
// bits at the ends of each thread's share.
at::Tensor Sigmoid(const at::Tensor& x) { return at::tanh(x * 0.5) * 0.5 + 0.5; }
at::Tensor Softmax(const at::Tensor& x, int64_t dimension) {
  const at::Tensor powers = at::exp(x - at::amax(x, dimension, /*keepdim=*/true));
  return powers / powers.sum(dimension, /*keepdim=*/true);
}

at::Tensor Apply(const RaftGru& gru, const at::Tensor& hidden, const at::Tensor& x) {
  const at::Tensor joined = at::cat({hidden, x}, 1);
  const at::Tensor z = Sigmoid(Apply(gru.z, joined));
  const at::Tensor r = Sigmoid(Apply(gru.r, joined));
  const at::Tensor q = at::tanh(Apply(gru.q, at::cat({r * hidden, x}, 1)));
  return (1 - z) * hidden + z * q;
}

// Each pixel of the result is a weighted mean of the nine around its place, by the mask, or
// bilinear.
at::Tensor Enlarge(const Raft& net, const at::Tensor& flow, const at::Tensor& hidden) {
  const int64_t b = flow.size(0), h = flow.size(2), w = flow.size(3);
  if (!net.mask1) return ResizeAligned(flow, h * kEighth, w * kEighth) * kEighth;
  const at::Tensor mask =
      Softmax((Apply(*net.mask2, Apply(*net.mask1, hidden, Activation::kRelu)) * 0.25)
                  .reshape({b, 1, 9, kEighth, kEighth, h, w}),
              2);
  const at::Tensor around =
      at::im2col(flow * kEighth, {3, 3}, {1, 1}, {1, 1}, {1, 1}).reshape({b, 2, 9, 1, 1, h, w});
  return (mask * around)
      .sum(2)
      .permute({0, 1, 4, 2, 5, 3})
      .reshape({b, 2, h * kEighth, w * kEighth});
}

at::Tensor PixelPlaces(const at::Tensor& like) {
  const int64_t b = like.size(0), h = like.size(2), w = like.size(3);
  const std::vector<at::Tensor> grid =
      at::meshgrid({at::arange(h, like.options()), at::arange(w, like.options())}, "ij");
  return at::stack({grid[1], grid[0]}).unsqueeze(0).expand({b, 2, h, w});
}

}  // namespace

absl::StatusOr<Raft> LoadRaft(const std::shared_ptr<const WeightFile>& file,
                              const ParameterPlace& place) {
  Parameters parameters(file, place, PrincetonNamesIn(*file));
  const std::string update = "update_block";
  const bool large = parameters.Has("context_encoder.convnormrelu.1.weight");
  Raft net;
  net.hidden = parameters.SizeOf(update + ".flow_head.conv1.weight", 1);
  net.features = TakeEncoder(&parameters, "feature_encoder", RaftNorm::kInstance);
  net.context =
      TakeEncoder(&parameters, "context_encoder", large ? RaftNorm::kBatch : RaftNorm::kNone);
  const std::string motion = update + ".motion_encoder";
  const int64_t correlations = parameters.SizeOf(motion + ".convcorr1.0.weight", 1);
  const int64_t side = std::llround(std::sqrt(static_cast<double>(correlations) / kLevels));
  net.radius = (side - 1) / 2;
  const int64_t fitting = kLevels * (2 * net.radius + 1) * (2 * net.radius + 1);
  net.motion = TakeMotionEncoder(&parameters, motion, fitting);
  const int64_t context = parameters.SizeOf("context_encoder.conv.weight", 0) - net.hidden;
  const int64_t moved = parameters.SizeOf(motion + ".conv.0.weight", 0) + 2;
  const int64_t joined = net.hidden + context + moved;
  for (int i = 1; i <= 2; ++i) {
    const std::string gru = absl::StrFormat("%s.recurrent_block.convgru%d", update, i);
    if (i > 1 && !parameters.Has(gru + ".convz.weight")) break;
    net.grus.push_back({TakeAsStored(&parameters, gru + ".convz", joined),
                        TakeAsStored(&parameters, gru + ".convr", joined),
                        TakeAsStored(&parameters, gru + ".convq", joined)});
  }
  net.flow1 = TakeAsStored(&parameters, update + ".flow_head.conv1", net.hidden);
  const int64_t head = parameters.SizeOf(update + ".flow_head.conv1.weight", 0);
  net.flow2 = TakeConv2d(&parameters, update + ".flow_head.conv2", head, 2, 3);
  if (parameters.Has("mask_predictor.conv.weight")) {
    net.mask1 = TakeAsStored(&parameters, "mask_predictor.convrelu.0", net.hidden);
    net.mask2 = TakeConv2d(&parameters, "mask_predictor.conv",
                           parameters.SizeOf("mask_predictor.convrelu.0.weight", 0),
                           9 * kEighth * kEighth, 1);
  }
  SF_RETURN_IF_ERROR(parameters.Finish());
  return net;
}

RaftPicture Look(const Raft& net, const at::Tensor& pictures) {
  return {Apply(net.features, pictures), Apply(net.context, pictures)};
}

RaftFlow FlowBetween(const Raft& net, const RaftPicture& from, const RaftPicture& to, int updates,
                     const Watch& watch) {
  const std::vector<at::Tensor> pyramid = CorrelationPyramid(from.features, to.features);
  const at::Tensor& context = from.context;
  at::Tensor hidden = at::tanh(context.narrow(1, 0, net.hidden));
  const at::Tensor known = at::relu(context.narrow(1, net.hidden, context.size(1) - net.hidden));
  const at::Tensor start = PixelPlaces(hidden);
  at::Tensor flow = at::zeros_like(start, at::MemoryFormat::Contiguous);
  for (int i = 0; i < updates; ++i) {
    const at::Tensor correlation = LookUp(pyramid, start + flow, net.radius);
    const at::Tensor x = at::cat({known, Apply(net.motion, correlation, flow)}, 1);
    for (const RaftGru& gru : net.grus) hidden = Apply(gru, hidden, x);
    flow = flow + Apply(net.flow2, Apply(net.flow1, hidden, Activation::kRelu));
    if (watch && i == 0) {
      watch("corr_features_iter0", correlation);
      watch("flow_first", Enlarge(net, flow, hidden));
    }
  }
  return {flow, Enlarge(net, flow, hidden)};
}

RaftFlow Forward(const Raft& net, const at::Tensor& from, const at::Tensor& to, int updates,
                 const Watch& watch) {
  const at::Tensor features = Apply(net.features, at::cat({from, to}));
  const std::vector<at::Tensor> maps = features.chunk(2, 0);
  const RaftPicture first = {maps[0], Apply(net.context, from)};
  if (watch) {
    watch("fmaps", features);
    watch("context", first.context);
  }
  return FlowBetween(net, first, {maps[1], {}}, updates, watch);
}

FlowPadding::FlowPadding(int64_t height, int64_t width) : height_(height), width_(width) {
  const auto added = [](int64_t size) {
    return std::max(kLeast, (size + kEighth - 1) / kEighth * kEighth) - size;
  };
  top_ = added(height) / 2;
  bottom_ = added(height) - top_;
  left_ = added(width) / 2;
  right_ = added(width) - left_;
}

at::Tensor FlowPadding::Pad(const at::Tensor& picture) const {
  return at::replication_pad2d(picture, {left_, right_, top_, bottom_});
}

at::Tensor FlowPadding::Crop(const at::Tensor& flow) const {
  return flow.narrow(2, top_, height_).narrow(3, left_, width_);
}

}  // namespace stereofarm
