#include "models/nn/cpu/linear.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "models/nn/layers.h"
#include "models/nn/one_dnn.h"

namespace stereofarm {
namespace {

// Tokens of a picture, about: what oneDNN's layout of a weight is chosen for.
constexpr int64_t kTypicalRows = 2048;

bool TakesPanels(const at::Tensor& weight, const at::Tensor& bias) {
  const auto fits = [](const at::Tensor& x) {
    return x.device().is_cpu() && x.scalar_type() == at::kFloat;
  };
  return linear::IsFastest() && fits(weight) && weight.numel() > 0 &&
         (!bias.defined() || (fits(bias) && bias.numel() == weight.size(0)));
}

at::Tensor PackPanels(const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1);
  at::Tensor panels = at::empty({linear::PackedFloats(in, out)}, weight.options());
  linear::Pack(weight.contiguous().const_data_ptr<float>(), in, out,
               panels.mutable_data_ptr<float>());
  return panels;
}

// `added`: undefined: nothing.
at::Tensor OnProcessor(const Linear& layer, const at::Tensor& x, const at::Tensor& added) {
  const int64_t out = layer.out, in = layer.in;
  const at::Tensor from = x.contiguous();
  const at::Tensor more = added.defined() ? added.contiguous() : added;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = out;
  at::Tensor result = at::empty(shape, from.options());
  const auto numbers = [](const at::Tensor& of) {
    return of.defined() ? of.const_data_ptr<float>() : nullptr;
  };
  const linear::Layer with = {in, out, numbers(layer.panels), numbers(layer.bias)};
  const float* const x_data = numbers(from);
  const float* const added_data = numbers(more);
  float* const result_data = result.mutable_data_ptr<float>();
  const int64_t rows = from.numel() / in;
  const int64_t columns = (out + linear::kColumnBlock - 1) / linear::kColumnBlock;
  const int64_t blocks = (rows + linear::kRowBlock - 1) / linear::kRowBlock * columns;
  // Each thread takes the next block, so that none waits for one whose core others use too.
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), blocks), 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < blocks; i = next++) {
      const int64_t row = i / columns * linear::kRowBlock;
      linear::Block(with, {x_data + row * in, in}, std::min(linear::kRowBlock, rows - row),
                    i % columns * linear::kColumnBlock,
                    {added_data == nullptr ? nullptr : added_data + row * out, out},
                    {result_data + row * out, out});
    }
  });
  return result;
}

// Not everything that computes a layer asks for itself.
void CheckInputs(const Linear& layer, const at::Tensor& x) {
  TORCH_CHECK(x.dim() > 0 && x.size(-1) == layer.in, "a linear layer of ", layer.in, " inputs got ",
              x.sizes());
  TORCH_CHECK(layer.weight.defined() || x.device().is_cpu(),
              "a linear layer on the processor got a tensor on ", x.device());
}

}  // namespace

Linear MakeLinear(const at::Tensor& weight, const at::Tensor& bias) {
  Linear layer;
  // oneDNN takes every bias for one that lies together.
  if (bias.defined()) layer.bias = bias.contiguous();
  if (weight.dim() != 2) return layer;
  layer.out = weight.size(0);
  layer.in = weight.size(1);
  if (TakesPanels(weight, bias)) {
    layer.panels = PackPanels(weight);
  } else if (one_dnn::Takes(weight)) {
    layer.packed = one_dnn::PackLinear(weight.contiguous(), kTypicalRows);
  } else {
    layer.weight = weight;
  }
  return layer;
}

Linear TakeLinear(Parameters* parameters, const std::string& name, int64_t in, int64_t out,
                  bool bias) {
  const at::Tensor weight = parameters->Take(name + ".weight", {out, in});
  return MakeLinear(weight, bias ? parameters->Take(name + ".bias", {out}) : at::Tensor());
}

at::Tensor Apply(const Linear& layer, const at::Tensor& x, Activation activation) {
  CheckInputs(layer, x);
  if (layer.panels.defined()) return Activated(OnProcessor(layer, x, {}), activation);
  if (layer.packed.defined()) return one_dnn::Linear(x, layer.packed, layer.bias, activation, {});
  return Activated(at::linear(x, layer.weight, layer.bias), activation);
}

at::Tensor ApplyAndAdd(const Linear& layer, const at::Tensor& x, const at::Tensor& added) {
  CheckInputs(layer, x);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = layer.out;
  TORCH_CHECK(added.device() == x.device() && added.sizes() == at::IntArrayRef(shape),
              "a linear layer makes ", shape, ", which ", added.sizes(), " can't be added to");
  if (layer.panels.defined()) return OnProcessor(layer, x, added);
  if (layer.packed.defined()) {
    return one_dnn::Linear(x, layer.packed, layer.bias, Activation::kNone, added);
  }
  return at::linear(x, layer.weight, layer.bias) + added;
}

}  // namespace stereofarm
