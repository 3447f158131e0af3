#include "models/stereo/splatter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/image/half.h"
#include "models/stereo/cuda/splat_pixel.h"
#include "models/stereo/splat.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

// What the GPU's kernels do, thread after thread on the processor. `backwards`: the threads of a
// row in the other order, since on a GPU they have none.
WarpedFrame ByThreads(const Image& rgb, const Image& displacement, bool nearer_is_larger,
                      bool backwards) {
  const int w = rgb.width();
  const float sign = nearer_is_larger ? 1.0f : -1.0f;
  WarpedFrame out;
  PrepareWarpedFrame(rgb, nearer_is_larger, &out);
  for (int y = 0; y < rgb.height(); ++y) {
    const float* d = displacement.Row(0, y);
    std::vector<int32_t> keys(static_cast<size_t>(w), kNoSurface);
    const auto meet = [&](int t, int32_t key) {
      keys[static_cast<size_t>(t)] = std::max(keys[static_cast<size_t>(t)], key);
    };
    for (int i = 0; i < w; ++i) {
      const int x = backwards ? w - 1 - i : i;
      int left = 0;
      const int reach = ReachOf(x, d[x], w, &left);
      if (reach & 1) meet(left, KeyOf(sign * d[x]));
      if (reach & 2) meet(left + 1, KeyOf(sign * d[x]));
    }
    for (int t = 0; t < w; ++t) {
      const SplatPixel pixel =
          GatherPixel(t, w, keys[static_cast<size_t>(t)], sign, kSurfaceTolerance, kKnownWeight, d,
                      rgb.Row(0, y), rgb.Row(1, y), rgb.Row(2, y));
      out.rgba.Row(0, y)[t] = pixel.red;
      out.rgba.Row(1, y)[t] = pixel.green;
      out.rgba.Row(2, y)[t] = pixel.blue;
      out.rgba.Row(3, y)[t] = pixel.known ? 1.0f : 0.0f;
      out.displacement.Row(0, y)[t] = pixel.displacement;
    }
  }
  QuantizeToHalf(out.rgba);
  QuantizeToHalf(out.displacement);
  return out;
}

struct Case {
  Image rgb;
  Image displacement;
  std::string what;
};

std::vector<Case> Cases() {
  const auto random = SeededRandom(TestSeed());
  std::vector<Case> cases;
  for (const int width : {1, 2, 3, 8, 17, 64, 130, 300}) {
    for (int round = 0; round < 8; ++round) {
      const int height = 1 + static_cast<int>(random->Next() % 4);
      const float reach = round % 3 == 0 ? 1.5f : round % 3 == 1 ? 9.0f : 2.0f * width;
      Case one{RandomImage(width, height, 3, 0, 1, *random),
               round % 2 == 0 ? RandomImage(width, height, 1, -reach, reach, *random)
                              : RandomSteps(width, height, reach, *random),
               "width " + std::to_string(width) + ", round " + std::to_string(round)};
      if (round % 4 == 3) {  // quarters of a pixel: ties, taps of no weight and zeros
        for (int y = 0; y < height; ++y) {
          float* row = one.displacement.Row(0, y);
          for (int x = 0; x < width; ++x) row[x] = std::round(row[x] * 4) / 4;
        }
      }
      if (round == 7) {
        one.displacement.Row(0, 0)[0] = INFINITY;
        one.displacement.Row(0, 0)[width / 2] = NAN;
        one.displacement.Row(0, 0)[width - 1] = -1e9f;
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

void ExpectSame(const WarpedFrame& found, const WarpedFrame& wanted) {
  EXPECT_EQ(found.nearer_is_larger, wanted.nearer_is_larger);
  ExpectSamePixels(found.rgba, wanted.rgba);
  ExpectSamePixels(found.displacement, wanted.displacement);
}

TEST(SplatterTest, TheKernelsArithmeticIsTheProcessorsInAnyOrderOfThreads) {
  for (const Case& one : Cases()) {
    for (const bool nearer_is_larger : {true, false}) {
      SCOPED_TRACE(one.what + (nearer_is_larger ? ", right eye" : ", left eye"));
      WarpedFrame wanted;
      Splat(one.rgb, one.displacement, nearer_is_larger, &wanted);
      ExpectSame(ByThreads(one.rgb, one.displacement, nearer_is_larger, false), wanted);
      ExpectSame(ByThreads(one.rgb, one.displacement, nearer_is_larger, true), wanted);
    }
  }
}

TEST(SplatterTest, KeysHaveTheOrderOfTheirFloats) {
  const std::vector<float> rising = {-3e38f, -1e9f, -2.5f, -1e-40f, 0, 1e-40f, 0.25f, 7, 3e38f};
  for (size_t i = 0; i < rising.size(); ++i) {
    EXPECT_EQ(ValueOf(KeyOf(rising[i])), rising[i]);
    EXPECT_GT(KeyOf(rising[i]), kNoSurface);
    if (i == 0) continue;
    EXPECT_GT(KeyOf(rising[i]), KeyOf(rising[i - 1])) << rising[i];
  }
}

TEST(SplatterTest, TheProcessorsIsTheSplat) {
  const auto splatter = CreateSplatter("cpu");
  ASSERT_TRUE(splatter.ok()) << splatter.status();
  const std::vector<Case> cases = Cases();
  WarpedFrame found, wanted;
  ASSERT_TRUE((*splatter)->Splat(cases[9].rgb, cases[9].displacement, true, &found).ok());
  Splat(cases[9].rgb, cases[9].displacement, true, &wanted);
  ExpectSame(found, wanted);
}

TEST(SplatterTest, ACudaDeviceGivesTheProcessorsBits) {
  const auto splatter = CreateSplatter("cuda:0");
  if (!splatter.ok()) GTEST_SKIP() << splatter.status().message();
  WarpedFrame found;
  for (const Case& one : Cases()) {
    for (const bool nearer_is_larger : {true, false}) {
      SCOPED_TRACE(one.what + (nearer_is_larger ? ", right eye" : ", left eye"));
      WarpedFrame wanted;
      Splat(one.rgb, one.displacement, nearer_is_larger, &wanted);
      ASSERT_TRUE((*splatter)->Splat(one.rgb, one.displacement, nearer_is_larger, &found).ok());
      ExpectSame(found, wanted);
    }
  }
}

TEST(SplatterTest, ADeviceThatIsntThereIsRefusedByName) {
  const auto splatter = CreateSplatter("cuda:99");
  if (splatter.ok()) GTEST_SKIP() << "built without CUDA: the processor does it";
  EXPECT_EQ(splatter.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(splatter.status().message()).find("cuda:99"), std::string::npos);
}

}  // namespace
}  // namespace stereofarm
