#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <vector>

#include "models/nn/layers.h"

namespace stereofarm {
namespace {

// LibTorch's own, beside which every way of computing a layer is to be.
void ExpectNear(const at::Tensor& got, const at::Tensor& wanted) {
  ASSERT_EQ(got.sizes(), wanted.sizes());
  EXPECT_TRUE(at::allclose(got, wanted, 1e-5, 1e-4));
}

TEST(LinearTest, IsThatOfLibTorch) {
  const at::Tensor weight = at::randn({200, 70}), bias = at::randn({200});
  const Linear layer = MakeLinear(weight, bias), plain = MakeLinear(weight, {});
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{70}, {0, 70}, {5, 70}, {2, 101, 70}, {2, 3, 4, 70}}) {
    SCOPED_TRACE(shape.size());
    const at::Tensor x = at::randn(shape);
    ExpectNear(Apply(layer, x), at::linear(x, weight, bias));
    ExpectNear(Apply(plain, x), at::linear(x, weight));
    ExpectNear(Apply(layer, x, Activation::kGelu), at::gelu(at::linear(x, weight, bias)));
    ExpectNear(Apply(layer, x, Activation::kRelu), at::linear(x, weight, bias).clamp_min(0));
  }
}

TEST(LinearTest, InputsMayLieAnyhow) {
  const at::Tensor weight = at::randn({30, 40}), bias = at::randn({60}).slice(0, 0, 60, 2);
  const Linear layer = MakeLinear(weight.t().contiguous().t(), bias);
  const at::Tensor x = at::randn({3, 40, 9}).transpose(1, 2);
  const at::Tensor added = at::randn({9, 3, 30}).transpose(0, 1), before = added.clone();
  ExpectNear(Apply(layer, x), at::linear(x, weight, bias));
  ExpectNear(ApplyAndAdd(layer, x, added), at::linear(x, weight, bias) + added);
  EXPECT_TRUE(at::equal(added, before));
}

TEST(LinearTest, BitsDependNeitherOnThreadsNorOnTheBatch) {
  const Linear layer = MakeLinear(at::randn({400, 500}), at::randn({400}));
  if (!layer.panels.defined()) GTEST_SKIP() << "This processor's linear layers are oneDNN's.";
  const at::Tensor x = at::randn({3, 150, 500});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = Apply(layer, x);
  for (const int each : {2, 3}) {
    at::set_num_threads(each);
    EXPECT_TRUE(at::equal(Apply(layer, x), alone)) << each;
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(Apply(layer, x[1]), alone[1]));
}

TEST(LinearTest, WhatDoesNotFitIsRefused) {
  const Linear layer = MakeLinear(at::randn({20, 30}), at::randn({20}));
  EXPECT_ANY_THROW(Apply(layer, at::randn({4, 31})));
  EXPECT_ANY_THROW(ApplyAndAdd(layer, at::randn({4, 30}), at::randn({4, 21})));
}

}  // namespace
}  // namespace stereofarm
