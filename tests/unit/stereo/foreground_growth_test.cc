#include "models/stereo/foreground_growth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace stereofarm {
namespace {

constexpr int kWidth = 24;

// One row: the shares of a red object in it, before a green background.
Image Mixed(const std::vector<float>& shares) {
  Image guide(kWidth, 1, 3);
  for (int x = 0; x < kWidth; ++x) {
    const float share = shares[static_cast<size_t>(x)];
    guide.Row(0, 0)[x] = 0.2f + 0.6f * share;
    guide.Row(1, 0)[x] = 0.7f - 0.5f * share;
    guide.Row(2, 0)[x] = 0.3f;
  }
  return guide;
}

// Depth 1 in [begin, end), 0 elsewhere.
Image Depth(int begin, int end) {
  Image depth(kWidth, 1, 1);
  for (int x = 0; x < kWidth; ++x) depth.Row(0, 0)[x] = x >= begin && x < end ? 1.0f : 0.0f;
  return depth;
}

std::vector<float> Sharp(int begin, int end) {
  std::vector<float> shares(kWidth, 0.0f);
  std::fill(shares.begin() + begin, shares.begin() + end, 1.0f);
  return shares;
}

void ExpectObject(const Image& depth, int begin, int end) {
  for (int x = 0; x < kWidth; ++x) {
    EXPECT_EQ(depth.Row(0, 0)[x], x >= begin && x < end ? 1.0f : 0.0f) << x;
  }
}

TEST(ForegroundGrowthTest, ASoftOutlineGoesWithTheObject) {
  std::vector<float> shares = Sharp(8, 16);
  shares[7] = shares[16] = 0.5f;
  shares[6] = shares[17] = 0.3f;
  shares[5] = 0.28f;  // too far out
  Image depth = Depth(8, 16);
  GrowForeground(Mixed(shares), 0.1f, &depth);
  ExpectObject(depth, 6, 18);
}

TEST(ForegroundGrowthTest, ASharpOutlineStays) {
  std::vector<float> shares = Sharp(8, 16);
  shares[7] = shares[16] = 0.1f;  // hardly any of it
  Image depth = Depth(8, 16);
  GrowForeground(Mixed(shares), 0.1f, &depth);
  ExpectObject(depth, 8, 16);
}

TEST(ForegroundGrowthTest, WhereColoursAreAlikeNothingGrows) {
  Image guide = Mixed(Sharp(0, kWidth));
  Image depth = Depth(8, 16);
  GrowForeground(guide, 0.1f, &depth);
  ExpectObject(depth, 8, 16);
}

TEST(ForegroundGrowthTest, AThingOfTheObjectsColourBehindItStays) {
  Image depth = Depth(8, 16);
  GrowForeground(Mixed(Sharp(6, 18)), 0.1f, &depth);
  ExpectObject(depth, 8, 16);
}

TEST(ForegroundGrowthTest, SlopesAndThePicturesSidesAreSurvived) {
  for (int width : {1, 2, 3, 5}) {
    Image guide(width, 2, 3), depth(width, 2, 1);
    guide.Fill(0.5f);
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < width; ++x) depth.Row(0, y)[x] = static_cast<float>((x + y) % 2);
    }
    const Image before = depth.Clone();
    GrowForeground(guide, 0.1f, &depth);
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < width; ++x) EXPECT_EQ(depth.Row(0, y)[x], before.Row(0, y)[x]);
    }
  }
  std::vector<float> shares(kWidth, 0.0f);
  Image slope(kWidth, 1, 1);
  for (int x = 0; x < kWidth; ++x) {
    shares[static_cast<size_t>(x)] = slope.Row(0, 0)[x] = static_cast<float>(x) / kWidth;
  }
  const Image before = slope.Clone();
  GrowForeground(Mixed(shares), 0.1f, &slope);
  for (int x = 0; x < kWidth; ++x) EXPECT_EQ(slope.Row(0, 0)[x], before.Row(0, 0)[x]);
}

}  // namespace
}  // namespace stereofarm
