#ifndef STEREOFARM_MODELS_NN_LAYERS_H_
#define STEREOFARM_MODELS_NN_LAYERS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

#include "models/nn/activation.h"
#include "models/nn/parameters.h"

namespace stereofarm {

// Layers as plain data, and functions that apply them. Each is taken from the tensors NAME.weight
// and NAME.bias.

// Shown the values inside a network by name, for tests that compare them. Empty: nobody looks.
using Watch = std::function<void(const std::string& name, const at::Tensor& value)>;

struct Linear {
  int64_t in = 0;
  int64_t out = 0;
  at::Tensor bias;  // [out], or undefined
  // One of the three holds the weights.
  at::Tensor weight;  // [out, in], as they come
  at::Tensor packed;  // for oneDNN
  at::Tensor panels;  // for linear::Block
};
Linear TakeLinear(Parameters* parameters, const std::string& name, int64_t in, int64_t out,
                  bool bias = true);
// The layer of these weights, which are [out, in] and [out]; empty ones (of a file that doesn't
// fit) are left as they are.
Linear MakeLinear(const at::Tensor& weight, const at::Tensor& bias);
// [..., in] -> [..., out]
at::Tensor Apply(const Linear& layer, const at::Tensor& x,
                 Activation activation = Activation::kNone);
// The same, with `added`, [..., out] as well, on top.
at::Tensor ApplyAndAdd(const Linear& layer, const at::Tensor& x, const at::Tensor& added);

struct LayerNorm {
  at::Tensor weight;  // [size]
  at::Tensor bias;
  double epsilon = 0;
};
LayerNorm TakeLayerNorm(Parameters* parameters, const std::string& name, int64_t size,
                        double epsilon);
// Normalises over the last dimension.
at::Tensor Apply(const LayerNorm& layer, const at::Tensor& x);

// Maps [B, C, H, W] lie in memory with their channels last (at::MemoryFormat::ChannelsLast).
struct Conv2d {
  at::Tensor weight;  // [out, in, height, width]
  at::Tensor bias;    // [out], or undefined
  at::Tensor packed;  // as in Linear
  int64_t stride = 1;
};
struct Kernel {
  Kernel(int64_t side) : height(side), width(side) {}  // NOLINT: 3 is a kernel of 3 x 3
  Kernel(int64_t h, int64_t w) : height(h), width(w) {}
  int64_t height, width;
};
Conv2d TakeConv2d(Parameters* parameters, const std::string& name, int64_t in, int64_t out,
                  Kernel kernel, int64_t stride = 1, bool bias = true);
// [B, in, H, W] -> [B, out, H / stride, W / stride], rounded up: padded with zeros by half a
// kernel.
at::Tensor Apply(const Conv2d& layer, const at::Tensor& x,
                 Activation activation = Activation::kNone);
// The same, with `added` of the result's shape on top.
at::Tensor ApplyAndAdd(const Conv2d& layer, const at::Tensor& x, const at::Tensor& added);

// A convolution whose steps are as wide as its kernel, or its transpose: nothing overlaps, nothing
// is padded, so that it's a linear layer on whole squares.
struct SquareConv2d {
  Linear linear;
  int64_t size = 1;
};
// weight [out, in, size, size]
SquareConv2d TakeSquareConv2d(Parameters* parameters, const std::string& name, int64_t in,
                              int64_t out, int64_t size);
// [B, in, H, W] -> [B, (H / size) (W / size), out]
at::Tensor ApplyToSquares(const SquareConv2d& layer, const at::Tensor& x);
// weight [in, out, size, size]
SquareConv2d TakeSquareTranspose2d(Parameters* parameters, const std::string& name, int64_t in,
                                   int64_t out, int64_t size);
// [B, rows columns, in] -> [B, out, rows size, columns size]
at::Tensor EnlargeToSquares(const SquareConv2d& layer, const at::Tensor& x, int64_t rows,
                            int64_t columns);

// Bilinear, the corners of both pictures on each other (align_corners in PyTorch).
at::Tensor ResizeAligned(const at::Tensor& x, int64_t height, int64_t width);

// Softmax(q k^T / sqrt(D)) v of q, k, v [B, N, heads, D], each token's numbers together in memory,
// -> [B, N, heads D].
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_LAYERS_H_
