#include "coordinator/reconcile/seam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/planning/shard_plan.h"
#include "tests/unit/reconcile/made_depth.h"

namespace stereofarm {
namespace {

struct Fitted {
  double alpha;  // right = alpha * left + beta
  double beta;
};

Fitted FitOf(const Seam& seam) {
  const SeamSums& s = seam.sums;
  const double va = s.waa / s.w - s.wa / s.w * (s.wa / s.w);
  const double vb = s.wbb / s.w - s.wb / s.w * (s.wb / s.w);
  const double alpha = std::sqrt(vb / va);
  return {alpha, s.wb / s.w - alpha * s.wa / s.w};
}

class SeamTest : public testing::Test {
 protected:
  Seam Reduce(const Distortion& left, const Distortion& right) {
    return ReduceSeam(MakeSamples(shards_[0], left, 1), MakeSamples(shards_[1], right, 2));
  }
  const std::vector<Shard> shards_ = PlanShot({0, 48}, 24, 6);
};

TEST_F(SeamTest, FindsScaleAndShift) {
  const Seam seam = Reduce({.scale = 0.6, .shift = 0.2}, {.scale = 1.8, .shift = -3});
  EXPECT_TRUE(seam.paired);
  EXPECT_EQ(seam.frame, 24);
  EXPECT_EQ(seam.frames.size(), 12u);
  const Fitted fit = FitOf(seam);
  EXPECT_NEAR(fit.alpha, 0.6 / 1.8, 1e-4);
  EXPECT_NEAR(fit.beta, (0.2 + 3) / 1.8, 1e-4);
  for (const SeamFrame& frame : seam.frames) EXPECT_LT(frame.step, 1e-4);
}

TEST_F(SeamTest, AThirdOfWrongSamplesChangesLittle) {
  const Seam seam = Reduce({.scale = 0.6, .outliers = 0.3}, {.scale = 1.8, .shift = 1});
  const Fitted fit = FitOf(seam);
  EXPECT_NEAR(fit.alpha, 0.6 / 1.8, 0.002 / 3);
  EXPECT_NEAR(fit.beta, -1 / 1.8, 0.002);
  // But a viewer sees the wrong region, so the step reports it.
  EXPECT_GT(seam.frames[0].step, 0.02);
}

TEST_F(SeamTest, NoiseDoesNotShrinkTheScale) {
  const Seam seam = Reduce({.noise = 0.2}, {.noise = 0.2});
  EXPECT_NEAR(FitOf(seam).alpha, 1.0, 0.01);
}

TEST_F(SeamTest, IsSymmetric) {
  const ShardSamples left = MakeSamples(shards_[0], {.scale = 0.7, .noise = 0.05}, 1);
  const ShardSamples right = MakeSamples(shards_[1], {.scale = 1.3, .shift = 2, .noise = 0.02}, 2);
  const Fitted there = FitOf(ReduceSeam(left, right));
  const Fitted back = FitOf(ReduceSeam(right, left));
  EXPECT_NEAR(there.alpha * back.alpha, 1.0, 2e-3);
}

TEST_F(SeamTest, SurvivesSharedFramesWithoutWeight) {
  ShardSamples left = MakeSamples(shards_[0], {}, 1);
  for (FrameSamples& frame : left.frames) std::fill(frame.weights.begin(), frame.weights.end(), 0);
  const Seam seam = ReduceSeam(left, MakeSamples(shards_[1], {}, 2));
  EXPECT_FALSE(seam.paired);
  EXPECT_EQ(seam.sums.w, 0);
}

TEST_F(SeamTest, WithoutCommonFramesTakesTheMomentsOfBothSides) {
  const auto apart = PlanShot({0, 48}, 24, 0);
  const Seam seam = ReduceSeam(MakeSamples(apart[0], {.scale = 0.5}, 1),
                               MakeSamples(apart[1], {.scale = 2.0, .shift = 1}, 2));
  EXPECT_FALSE(seam.paired);
  const Fitted fit = FitOf(seam);
  EXPECT_NEAR(fit.alpha, 0.25, 0.005);
  EXPECT_NEAR(fit.beta, -0.5, 0.005);
}

TEST_F(SeamTest, StepsFollowTheAlignment) {
  const ShardSamples left = MakeSamples(shards_[0], {.noise = 0.05}, 1);
  const ShardSamples right = MakeSamples(shards_[1], {.scale = 2, .noise = 0.05}, 2);
  const Alignment a{1.1, 0.02};
  const Alignment b{2.0, -0.03};
  for (const SeamFrame& frame : ReduceSeam(left, right).frames) {
    const FrameSamples* fa = left.Find(frame.frame);
    const FrameSamples* fb = right.Find(frame.frame);
    double sum = 0;
    double weight = 0;
    for (size_t i = 0; i < kSampleCells; ++i) {
      const double w = static_cast<double>(fa->weights[i]) * fb->weights[i];
      sum += w * std::abs(a.scale * fa->values[i] + a.shift - b.scale * fb->values[i] - b.shift);
      weight += w;
    }
    EXPECT_NEAR(frame.StepUnder(a, b) / (sum / weight), 1, 0.2);
    // Under its own relation it's exact.
    EXPECT_NEAR(frame.StepUnder({1, 0}, {2, 0}), std::sqrt(2.0) * frame.step, 0.02 * frame.step);
  }
}

}  // namespace
}  // namespace stereofarm
