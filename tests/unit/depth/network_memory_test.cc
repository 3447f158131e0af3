// The line that models/nn/memory_plan.h draws, against what forwards really take.
#include <ATen/ops/rand.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/depth/depth_anything_v2.h"
#include "models/depth/video_depth_anything.h"
#include "models/nn/memory_plan.h"
#include "models/nn/tensor_memory.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

// Bytes of the tensors that live at a forward's peak, without those that were there before.
template <typename Net>
int64_t Measured(const Net& net, const at::Tensor& x) {
  const int64_t before = TakeTensorBytes().now;
  Forward(net, x);
  return TakeTensorBytes().peak - before;
}

template <typename Net>
ForwardMemory MemoryOf(const Net& net, bool over_time) {
  return DptForwardMemory(net.encoder.config.width, net.head.config.features, sizeof(float),
                          over_time);
}

// The plan takes twice the tensors' peak for what grows with the pictures. Never less than that,
// and not so much more that it's of no use.
void ExpectPlanned(int64_t measured, const ForwardMemory& memory, int64_t tokens,
                   int64_t pictures) {
  const int64_t planned = ForwardBytes(memory, tokens, pictures) - memory.fixed;
  const double share = 2 * static_cast<double>(measured) / static_cast<double>(planned);
  EXPECT_LE(share, 1.0) << tokens << " tokens, " << pictures << " pictures";
  EXPECT_GE(share, 0.8) << tokens << " tokens, " << pictures << " pictures";
}

TEST(NetworkMemoryTest, DepthAnythingTakesWhatThePlanSays) {
  KeepTensorMemory();
  const c10::InferenceMode no_gradients;
  const auto weights =
      WeightFile::Open(TestData("golden/depth_anything_v2/weights.safetensors")).value();
  const DepthAnythingV2 net = LoadDepthAnythingV2(weights).value();
  for (const int64_t rows : {9, 18}) {
    for (const int64_t pictures : {1, 2, 4}) {
      const at::Tensor x = at::rand({pictures, 3, rows * kPatch, 16 * kPatch});
      ExpectPlanned(Measured(net, x), MemoryOf(net, false), 16 * rows, pictures);
    }
  }
}

TEST(NetworkMemoryTest, AWindowOfVideoDepthAnythingToo) {
  KeepTensorMemory();
  const c10::InferenceMode no_gradients;
  const auto weights =
      WeightFile::Open(TestData("golden/video_depth_anything/weights.safetensors")).value();
  const VideoDepthAnything net = LoadVideoDepthAnything(weights).value();
  for (const int64_t rows : {6, 12}) {
    const at::Tensor x = at::rand({1, kVideoFrames, 3, rows * kPatch, 8 * kPatch});
    ExpectPlanned(Measured(net, x), MemoryOf(net, true), 8 * rows, kVideoFrames);
  }
}

}  // namespace
}  // namespace stereofarm
