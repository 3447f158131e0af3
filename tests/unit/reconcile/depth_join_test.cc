#include "common/farm/depth_join.h"

#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/planning/shard_plan.h"

namespace stereofarm {
namespace {

std::vector<AlignedShard> Planned(const FrameRange& shot, int frames, int overlap) {
  std::vector<AlignedShard> out;
  for (const Shard& shard : PlanShot(shot, frames, overlap)) {
    out.push_back({.core = shard.core, .full = shard.full});
  }
  return out;
}

TEST(DepthJoinTest, WeightsSumToOneAndAtMostTwoShardsMeet) {
  for (int frames : {1, 2, 5, 24}) {
    for (int overlap : {0, 1, 3, 6, 50}) {
      const auto shards = Planned({10, 130}, frames, overlap);
      for (int64_t f = 10; f < 130; ++f) {
        const auto terms = JoinTerms(shards, f);
        ASSERT_TRUE(terms.size() == 1 || terms.size() == 2);
        double sum = 0;
        for (const JoinTerm& term : terms) {
          EXPECT_TRUE(shards[term.shard].full.Contains(f));
          EXPECT_GT(term.weight, 0);
          sum += term.weight;
        }
        EXPECT_NEAR(sum, 1, 1e-12);
      }
    }
  }
}

TEST(DepthJoinTest, TheRightShardComesInSmoothly) {
  const auto shards = Planned({0, 48}, 24, 6);
  double before = 0;
  for (int64_t f = 12; f < 36; ++f) {
    double right = 0;
    for (const JoinTerm& term : JoinTerms(shards, f)) right += term.shard == 1 ? term.weight : 0;
    EXPECT_GE(right, before);
    EXPECT_LT(right - before, 0.13);
    before = right;
  }
  EXPECT_EQ(before, 1);
  EXPECT_EQ(JoinTerms(shards, 17).size(), 1u);
  EXPECT_EQ(JoinTerms(shards, 18).size(), 2u);
  EXPECT_EQ(JoinTerms(shards, 29).size(), 2u);
  EXPECT_EQ(JoinTerms(shards, 30).size(), 1u);
}

TEST(DepthJoinTest, FramesOutsideHaveNoTerms) {
  const auto shards = Planned({10, 58}, 24, 6);
  EXPECT_TRUE(JoinTerms(shards, 9).empty());
  EXPECT_TRUE(JoinTerms(shards, 58).empty());
  EXPECT_TRUE(JoinTerms({}, 0).empty());
}

TEST(DepthJoinTest, DepthIsBlendedAfterAlignment) {
  Image a(2, 1, 1);
  Image b(2, 1, 1);
  a.Row(0, 0)[0] = 1.0f;
  b.Row(0, 0)[0] = 2.0f;
  a.Row(0, 0)[1] = NAN;
  b.Row(0, 0)[1] = 2.0f;
  const JoinInput inputs[] = {{&a, {1.0, 0.0}, 0.25}, {&b, {0.5, 1.0}, 0.75}};
  const Image d = NormalisedDepth(inputs, {0, 4});
  EXPECT_NEAR(d.Row(0, 0)[0], (0.25 * 1 + 0.75 * 2) / 4, 1e-6);
  EXPECT_NEAR(d.Row(0, 0)[1], 0.5, 1e-6);
}

TEST(DepthJoinTest, PixelsWithoutDepthLieAtTheScreen) {
  Image a(1, 1, 1);
  a.Fill(NAN);
  const JoinInput inputs[] = {{&a, {1.0, 0.0}, 1.0}};
  EXPECT_EQ(NormalisedDepth(inputs, {0, 4}).Row(0, 0)[0], 0.5f);
}

TEST(DepthJoinTest, TheKneeKeepsOrderAndStaysInside) {
  float before = -1;
  for (float x = -3; x < 4; x += 0.001f) {
    const float d = Knee(x);
    EXPECT_GT(d, 0);
    EXPECT_LT(d, 1);
    EXPECT_GT(d, before);
    EXPECT_NEAR(d, 1 - Knee(1 - x), 1e-5);
    if (x > kKnee && x < 1 - kKnee) {
      EXPECT_EQ(d, x);
    }
    if (before >= 0) {
      EXPECT_LT(d - before, 0.00102f);
    }
    before = d;
  }
  EXPECT_NEAR(Knee(0), 0.025f, 1e-6);
  EXPECT_TRUE(std::isfinite(Knee(1e30f)));
}

}  // namespace
}  // namespace stereofarm
