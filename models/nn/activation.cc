#include "models/nn/activation.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>

namespace stereofarm {

at::Tensor Activated(at::Tensor x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return at::relu_(x);
    case Activation::kGelu:
      return at::gelu_(x);
  }
  return x;
}

}  // namespace stereofarm
