#include "models/nn/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <vector>

#include "models/nn/one_dnn.h"

namespace stereofarm {
namespace {

std::vector<int64_t> PaddingOf(const Conv2d& layer) {
  return {layer.weight.size(2) / 2, layer.weight.size(3) / 2};
}

}  // namespace

LayerNorm TakeLayerNorm(Parameters* parameters, const std::string& name, int64_t size,
                        double epsilon) {
  return {parameters->Take(name + ".weight", {size}), parameters->Take(name + ".bias", {size}),
          epsilon};
}

at::Tensor Apply(const LayerNorm& layer, const at::Tensor& x) {
  return at::layer_norm(x, {layer.weight.size(0)}, layer.weight, layer.bias, layer.epsilon);
}

Conv2d TakeConv2d(Parameters* parameters, const std::string& name, int64_t in, int64_t out,
                  Kernel kernel, int64_t stride, bool bias) {
  Conv2d layer;
  layer.weight = parameters->Take(name + ".weight", {out, in, kernel.height, kernel.width});
  if (bias) layer.bias = parameters->Take(name + ".bias", {out});
  layer.stride = stride;
  if (layer.weight.dim() == 4) {
    layer.weight = layer.weight.contiguous(at::MemoryFormat::ChannelsLast);
    if (one_dnn::Takes(layer.weight)) {
      layer.packed = one_dnn::PackConv2d(layer.weight, PaddingOf(layer), stride);
    }
  }
  return layer;
}

at::Tensor Apply(const Conv2d& layer, const at::Tensor& x, Activation activation) {
  if (layer.packed.defined()) {
    return one_dnn::Conv2d(x, layer.packed, layer.bias, PaddingOf(layer), layer.stride, activation,
                           {});
  }
  return Activated(
      at::conv2d(x, layer.weight, layer.bias, {layer.stride, layer.stride}, PaddingOf(layer)),
      activation);
}

at::Tensor ApplyAndAdd(const Conv2d& layer, const at::Tensor& x, const at::Tensor& added) {
  if (layer.packed.defined()) {
    return one_dnn::Conv2d(x, layer.packed, layer.bias, PaddingOf(layer), layer.stride,
                           Activation::kNone, added);
  }
  return Apply(layer, x) + added;
}

SquareConv2d TakeSquareConv2d(Parameters* parameters, const std::string& name, int64_t in,
                              int64_t out, int64_t size) {
  const at::Tensor weight = parameters->Take(name + ".weight", {out, in, size, size});
  const at::Tensor bias = parameters->Take(name + ".bias", {out});
  return {MakeLinear(weight.dim() == 4 ? weight.flatten(1) : weight, bias), size};
}

at::Tensor ApplyToSquares(const SquareConv2d& layer, const at::Tensor& x) {
  const int64_t b = x.size(0), in = x.size(1), s = layer.size;
  const int64_t rows = x.size(2) / s, columns = x.size(3) / s;
  return Apply(layer.linear, x.reshape({b, in, rows, s, columns, s})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({b, rows * columns, in * s * s}));
}

SquareConv2d TakeSquareTranspose2d(Parameters* parameters, const std::string& name, int64_t in,
                                   int64_t out, int64_t size) {
  const at::Tensor weight = parameters->Take(name + ".weight", {in, out, size, size});
  const at::Tensor bias = parameters->Take(name + ".bias", {out});
  if (weight.dim() != 4 || bias.dim() != 1) return {};
  // Rows of the matrix: the square's rows, columns, and the channels.
  return {MakeLinear(weight.permute({2, 3, 1, 0}).reshape({size * size * out, in}),
                     bias.repeat({size * size})),
          size};
}

at::Tensor EnlargeToSquares(const SquareConv2d& layer, const at::Tensor& x, int64_t rows,
                            int64_t columns) {
  const int64_t b = x.size(0), s = layer.size;
  const int64_t out = layer.linear.out / (s * s);
  return Apply(layer.linear, x)
      .reshape({b, rows, columns, s, s, out})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({b, rows * s, columns * s, out})
      .permute({0, 3, 1, 2});
}

at::Tensor ResizeAligned(const at::Tensor& x, int64_t height, int64_t width) {
  if (x.size(-2) == height && x.size(-1) == width) return x;
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/true);
}

}  // namespace stereofarm
