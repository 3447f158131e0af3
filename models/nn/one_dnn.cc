#include "models/nn/one_dnn.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/gelu.h>

#include <optional>
#include <string_view>

namespace stereofarm::one_dnn {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Text = std::string_view;

std::optional<at::Tensor> Optional(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
}

Text NameOf(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "none";
    case Activation::kRelu:
      return "relu";
    case Activation::kGelu:
      return "gelu";
  }
  return "none";
}

// bfloat16 where the processor multiplies it; elsewhere oneDNN may refuse it.
bool TakesType(at::ScalarType type) {
  if (type == at::kFloat) return true;
#if defined(__x86_64__)
  static const bool has_bfloat16 = __builtin_cpu_supports("avx512bf16") != 0;
  return has_bfloat16 && type == at::kBFloat16;
#else
  return false;
#endif
}

}  // namespace

bool Takes(const at::Tensor& tensor) {
  return at::hasMKLDNN() && at::globalContext().userEnabledMkldnn() && tensor.device().is_cpu() &&
         TakesType(tensor.scalar_type());
}

at::Tensor PackLinear(const at::Tensor& weight, int64_t rows) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                             .typed<at::Tensor(const at::Tensor&, std::optional<int64_t>)>();
  return op.call(weight, rows);
}

at::Tensor Linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                  Activation activation, const at::Tensor& added) {
  static const auto plain =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                            Text, Scalars, std::optional<Text>)>();
  static const auto with_sum =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_linear_pointwise", "binary")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                            const std::optional<at::Tensor>&, Text)>();
  if (added.defined()) return with_sum.call(x, added, packed, Optional(bias), "add");
  return plain.call(x, packed, Optional(bias), NameOf(activation), Scalars(), Text("none"));
}

at::Tensor PackConv2d(const at::Tensor& weight, const std::vector<int64_t>& padding,
                      int64_t stride) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
          .typed<at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                            int64_t, at::OptionalIntArrayRef)>();
  return op.call(weight.contiguous(at::MemoryFormat::ChannelsLast), padding, {stride, stride},
                 {1, 1}, 1, std::nullopt);
}

at::Tensor Conv2d(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                  const std::vector<int64_t>& padding, int64_t stride, Activation activation,
                  const at::Tensor& added) {
  static const auto plain =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                            at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t, Text,
                            Scalars, std::optional<Text>)>();
  static const auto with_sum =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_convolution_pointwise", "binary")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                            const std::optional<at::Tensor>&, at::IntArrayRef, at::IntArrayRef,
                            at::IntArrayRef, int64_t, Text, std::optional<at::Scalar>,
                            std::optional<Text>, Scalars, std::optional<Text>)>();
  if (!added.defined()) {
    return plain.call(x, packed, Optional(bias), padding, {stride, stride}, {1, 1}, 1,
                      NameOf(activation), Scalars(), Text("none"));
  }
  const std::optional<Text> after =
      activation == Activation::kNone ? std::nullopt : std::optional<Text>(NameOf(activation));
  return with_sum.call(x, added, packed, Optional(bias), padding, {stride, stride}, {1, 1}, 1,
                       "add", 1.0, after, Scalars(), std::nullopt);
}

}  // namespace stereofarm::one_dnn
