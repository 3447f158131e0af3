#include "common/farm/depth_ease.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stereofarm {
namespace {

double DepthOf(double value, const DepthRange& range) {
  return (value - range.lo) / (range.hi - range.lo);
}

TEST(DepthEaseTest, WithoutTurnsTheRangeIsTheShots) {
  const EasedRange eased{.shot = {10, 30}, .range = {1, 3}, .begin = {}, .end = {}};
  for (int64_t frame = 10; frame < 30; ++frame) EXPECT_EQ(eased.At(frame), (DepthRange{1, 3}));
}

TEST(DepthEaseTest, AtItsCutsDepthIsTurnedAndInBetweenItIsnt) {
  const EasedRange eased{
      .shot = {100, 200}, .range = {1, 3}, .begin = {0.8, 0.15}, .end = {0.5, 0.1}};
  for (const double value : {1.0, 1.7, 3.0}) {
    const double d = DepthOf(value, eased.range);
    EXPECT_NEAR(DepthOf(value, eased.At(100)), 0.8 * d + 0.15, 1e-12);
    EXPECT_NEAR(DepthOf(value, eased.At(199)), 0.5 * d + 0.1, 1e-12);
  }
  for (int64_t frame = 100 + kEaseFrames; frame <= 199 - kEaseFrames; ++frame) {
    EXPECT_EQ(eased.At(frame), eased.range);
  }
}

// At most one and a half times the mean speed, and always the same way.
TEST(DepthEaseTest, ATurnComesAndGoesGently) {
  const EasedRange eased{.shot = {0, 60}, .range = {0, 1}, .begin = {1, 0.4}, .end = {}};
  const double mean = 0.4 / kEaseFrames;
  for (int64_t frame = 1; frame < 60; ++frame) {
    const double step = DepthOf(0.5, eased.At(frame - 1)) - DepthOf(0.5, eased.At(frame));
    EXPECT_GE(step, 0);
    EXPECT_LE(step, 1.51 * mean);
  }
}

TEST(DepthEaseTest, InAShortShotBothTurnsHaveHalfOfIt) {
  for (const int64_t frames : {2, 3, 7, 40}) {
    const EasedRange eased{
        .shot = {0, frames}, .range = {0, 1}, .begin = {1, 0.3}, .end = {1, -0.3}};
    EXPECT_NEAR(DepthOf(0.5, eased.At(0)), 0.8, 1e-12);
    EXPECT_NEAR(DepthOf(0.5, eased.At(frames - 1)), 0.2, 1e-12);
    for (int64_t frame = 0; frame < frames; ++frame) {
      EXPECT_LT(eased.At(frame).lo, eased.At(frame).hi);
    }
  }
}

}  // namespace
}  // namespace stereofarm
