#include "models/stereo/depth_upsample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/stereo/depth_steps.h"
#include "models/stereo/foreground_growth.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

double DistanceWeight(double distance) {
  return std::pow(std::max(0.0, 1 - distance * distance / 16), 4);
}

// The slow twin of one pixel, from the same steps.
double PlainUpsample(const DepthSteps& steps, const Image& guide, int x, int y) {
  const int w = steps.depth.width(), h = steps.depth.height();
  const double sx = (x + 0.5) * w / guide.width() - 0.5, sy = (y + 0.5) * h / guide.height() - 0.5;
  const int cx = static_cast<int>(std::floor(sx + 0.5)),
            cy = static_cast<int>(std::floor(sy + 0.5));
  const float level = steps.middle.Row(0, cy)[cx];
  const bool has_step = std::isfinite(level);
  double votes[2] = {}, values[2] = {};
  for (int v = cy - 2; has_step && v <= cy + 2; ++v) {
    for (int u = cx - 3; u <= cx + 3; ++u) {
      const int inner_u = std::clamp(u, 0, w - 1), inner_v = std::clamp(v, 0, h - 1);
      double unlike = 0;
      for (int c = 0; c < 3; ++c) {
        double mean = 0;
        int count = 0;
        for (int j = inner_v * guide.height() / h; j < (inner_v + 1) * guide.height() / h; ++j) {
          for (int i = inner_u * guide.width() / w; i < (inner_u + 1) * guide.width() / w; ++i) {
            mean += guide.Row(c, j)[i];
            ++count;
          }
        }
        const double difference = mean / count - guide.Row(c, y)[x];
        unlike += difference * difference;
      }
      const double vote =
          DistanceWeight(u - sx) * DistanceWeight(v - sy) / std::pow(1 + unlike / (0.12 * 0.12), 2);
      const float depth = steps.depth.Row(v)[u];
      votes[depth > level] += vote;
      values[depth > level] += vote * depth;
    }
  }
  const bool upper = votes[1] > votes[0];
  const int bx = static_cast<int>(std::floor(sx)), by = static_cast<int>(std::floor(sy));
  double share = 0, sum = 0;
  for (int j = 0; j < 2; ++j) {
    for (int i = 0; i < 2; ++i) {
      const float depth = steps.depth.Row(by + j)[bx + i];
      if (has_step && (depth > level) != upper) continue;
      const double weight = (1 - std::fabs(sx - bx - i)) * (1 - std::fabs(sy - by - j));
      share += weight;
      sum += weight * depth;
    }
  }
  return share > 0.05 ? sum / share : values[upper] / votes[upper];
}

TEST(UpsampleDepthTest, EqualsPlainTwin) {
  const auto random = SeededRandom(TestSeed());
  const int sizes[][4] = {{1, 1, 3, 2}, {5, 3, 17, 9}, {24, 10, 72, 30}, {31, 14, 100, 47}};
  for (const auto& size : sizes) {
    const Image depth = RandomSteps(size[0], size[1], 1, *random);
    const Image guide = RandomImage(size[2], size[3], 3, 0, 1, *random);
    const Image fast = UpsampleDepth(depth, guide);
    const DepthSteps steps = FindDepthSteps(depth);
    Image slow(size[2], size[3], 1);
    for (int y = 0; y < size[3]; ++y) {
      for (int x = 0; x < size[2]; ++x) {
        slow.Row(0, y)[x] = static_cast<float>(PlainUpsample(steps, guide, x, y));
      }
    }
    GrowForeground(guide, steps.step, &slow);
    int different = 0;
    for (int y = 0; y < size[3]; ++y) {
      for (int x = 0; x < size[2]; ++x) {
        different += std::fabs(fast.Row(0, y)[x] - slow.Row(0, y)[x]) > 1e-4;
      }
    }
    EXPECT_LE(different, size[2] * size[3] / 200) << size[2];  // votes as good as tied
  }
}

TEST(UpsampleDepthTest, StepLandsOnTheGuidesEdgeWithNothingInBetween) {
  // The step of the depth lies two of its own pixels (eight of the guide's) from the guide's edge,
  // and is blurred.
  Image depth(24, 12, 1), guide(96, 48, 3);
  for (int y = 0; y < 12; ++y) {
    for (int x = 0; x < 24; ++x) depth.Row(0, y)[x] = x < 10 ? 0 : x == 10 ? 0.4f : 1;
  }
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 48; ++y) {
      for (int x = 0; x < 96; ++x) guide.Row(c, y)[x] = x < 46 ? 0.2f : 0.8f;
    }
  }
  const Image result = UpsampleDepth(depth, guide);
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 96; ++x) EXPECT_EQ(result.Row(0, y)[x], x < 46 ? 0 : 1) << x << " " << y;
  }
}

TEST(UpsampleDepthTest, SlopeStaysASlope) {
  const auto random = SeededRandom(TestSeed());
  Image depth(20, 20, 1);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) depth.Row(0, y)[x] = 0.03f * x + 0.02f * y;
  }
  const Image guide = RandomImage(60, 60, 3, 0, 1, *random);
  const Image result = UpsampleDepth(depth, guide);
  for (int y = 2; y < 58; ++y) {
    for (int x = 2; x < 58; ++x) {
      const float expected = 0.03f * ((x + 0.5f) / 3 - 0.5f) + 0.02f * ((y + 0.5f) / 3 - 0.5f);
      ASSERT_NEAR(result.Row(0, y)[x], expected, 1e-5) << x << " " << y;
    }
  }
}

TEST(UpsampleDepthTest, DepthOfTheGuidesSizeIsReturnedAsItIs) {
  const auto random = SeededRandom(TestSeed());
  const Image depth = RandomSteps(33, 7, 1, *random);
  const Image guide = RandomImage(33, 7, 3, 0, 1, *random);
  ExpectSamePixels(UpsampleDepth(depth, guide), depth);
}

TEST(UpsampleDepthTest, LargerDepthIsReducedWithoutMixing) {
  Image depth(90, 40, 1), guide(30, 20, 3);
  guide.Fill(0.5f);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 90; ++x) depth.Row(0, y)[x] = x < 46 ? 0 : 1;
  }
  const Image result = UpsampleDepth(depth, guide);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 30; ++x) EXPECT_EQ(result.Row(0, y)[x], x <= 14 ? 0 : 1) << x;
  }
}

TEST(UpsampleDepthTest, ResultStaysWithinTheDepthsRange) {
  const auto random = SeededRandom(TestSeed());
  const Image depth = RandomImage(16, 9, 1, 0.25f, 0.75f, *random);
  const Image guide = RandomImage(53, 31, 3, 0, 1, *random);
  const Image result = UpsampleDepth(depth, guide);
  for (int y = 0; y < 31; ++y) {
    for (int x = 0; x < 53; ++x) {
      EXPECT_GE(result.Row(0, y)[x], 0.25f - 1e-5f);
      EXPECT_LE(result.Row(0, y)[x], 0.75f + 1e-5f);
    }
  }
}

TEST(DepthStepsTest, BlurredStepIsMadeSharp) {
  Image depth(20, 6, 1);
  const float blurred[20] = {0,    0, 0, 0, 0, 0, 0, 0.1f, 0.3f, 0.7f,
                             0.9f, 1, 1, 1, 1, 1, 1, 1,    1,    1};
  for (int y = 0; y < 6; ++y) std::copy_n(blurred, 20, depth.Row(0, y));
  const DepthSteps steps = FindDepthSteps(depth);
  for (int x = 0; x < 20; ++x) {
    const float value = steps.depth.Row(3)[x];
    EXPECT_TRUE(x < 9 ? value < 0.35f : value > 0.65f) << x << " " << value;
    if (x >= 6 && x <= 11) {
      EXPECT_TRUE(std::isfinite(steps.middle.Row(0, 3)[x])) << x;
    }
  }
}

}  // namespace
}  // namespace stereofarm
