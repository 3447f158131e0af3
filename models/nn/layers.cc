#include "models/nn/layers.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/upsample_bilinear2d.h>

namespace stereofarm {

Linear TakeLinear(Parameters* parameters, const std::string& name, int64_t in, int64_t out,
                  bool bias) {
  Linear layer;
  layer.weight = parameters->Take(name + ".weight", {out, in});
  if (bias) layer.bias = parameters->Take(name + ".bias", {out});
  return layer;
}

at::Tensor Apply(const Linear& layer, const at::Tensor& x) {
  return at::linear(x, layer.weight, layer.bias);
}

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
  return layer;
}

at::Tensor Apply(const Conv2d& layer, const at::Tensor& x) {
  return at::conv2d(x, layer.weight, layer.bias, {layer.stride, layer.stride},
                    {layer.weight.size(2) / 2, layer.weight.size(3) / 2});
}

PatchConv2d TakePatchConv2d(Parameters* parameters, const std::string& name, int64_t in,
                            int64_t out, int64_t size) {
  return {parameters->Take(name + ".weight", {out, in, size, size}),
          parameters->Take(name + ".bias", {out}), size};
}

at::Tensor Apply(const PatchConv2d& layer, const at::Tensor& x) {
  return at::conv2d(x, layer.weight, layer.bias, {layer.size, layer.size});
}

PatchConv2d TakePatchTranspose2d(Parameters* parameters, const std::string& name, int64_t in,
                                 int64_t out, int64_t size) {
  return {parameters->Take(name + ".weight", {in, out, size, size}),
          parameters->Take(name + ".bias", {out}), size};
}

at::Tensor ApplyTranspose(const PatchConv2d& layer, const at::Tensor& x) {
  return at::conv_transpose2d(x, layer.weight, layer.bias, {layer.size, layer.size});
}

at::Tensor ResizeAligned(const at::Tensor& x, int64_t height, int64_t width) {
  if (x.size(-2) == height && x.size(-1) == width) return x;
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/true);
}

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  return at::scaled_dot_product_attention(q, k, v);
}

}  // namespace stereofarm
