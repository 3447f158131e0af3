#ifndef STEREOFARM_MODELS_NN_ACTIVATION_H_
#define STEREOFARM_MODELS_NN_ACTIVATION_H_

#include <ATen/core/Tensor.h>

namespace stereofarm {

// What a linear layer or a convolution does on its way out.
enum class Activation { kNone, kRelu, kGelu };

// Does it in the place of `x`, which nobody else looks at.
at::Tensor Activated(at::Tensor x, Activation activation);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_ACTIVATION_H_
