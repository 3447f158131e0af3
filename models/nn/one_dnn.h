#ifndef STEREOFARM_MODELS_NN_ONE_DNN_H_
#define STEREOFARM_MODELS_NN_ONE_DNN_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "models/nn/activation.h"

namespace stereofarm {

// oneDNN's matrix products and convolutions in LibTorch, with the weights laid out for them once
// and what follows done in the same pass. LibTorch's own linear() goes to MKL, which leaves the
// widest vectors of some processors unused.
namespace one_dnn {

// Whether this tensor's arithmetic can be done here: on a processor, float32, or bfloat16 where it
// multiplies that, in a LibTorch that has oneDNN.
bool Takes(const at::Tensor& tensor);

// [out, in] in a layout of oneDNN's own. `rows`: how many there may be, for the choice of layout.
at::Tensor PackLinear(const at::Tensor& weight, int64_t rows);
// x: [..., in]. `added`: [..., out], or undefined.
at::Tensor Linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                  Activation activation, const at::Tensor& added);

// [out, in, height, width]
at::Tensor PackConv2d(const at::Tensor& weight, const std::vector<int64_t>& padding,
                      int64_t stride);
// x: [B, in, H, W], channels last. `added` before the activation, as the result will be, or
// undefined.
at::Tensor Conv2d(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                  const std::vector<int64_t>& padding, int64_t stride, Activation activation,
                  const at::Tensor& added);

}  // namespace one_dnn
}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_ONE_DNN_H_
