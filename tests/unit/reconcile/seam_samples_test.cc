#include "common/farm/seam_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "coordinator/planning/shard_plan.h"
#include "tests/unit/reconcile/made_depth.h"

namespace stereofarm {
namespace {

TEST(SeamSamplesTest, ScaleAndShiftPassThroughSampling) {
  const Image depth = TrueDepth(3, 640, 360);
  Image turned = depth.Clone();
  for (int y = 0; y < 360; ++y) {
    for (int x = 0; x < 640; ++x) turned.Row(0, y)[x] = 2.5f * depth.Row(0, y)[x] - 0.75f;
  }
  const FrameSamples a = SampleFrame(3, depth);
  const FrameSamples b = SampleFrame(3, turned);
  for (size_t i = 0; i < kSampleCells; ++i) {
    EXPECT_NEAR(b.values[i], 2.5f * a.values[i] - 0.75f, 1e-5);
    EXPECT_NEAR(b.weights[i], a.weights[i], 1);
  }
}

TEST(SeamSamplesTest, PixelsThatAreNoNumbersDoNotCount) {
  Image depth(128, 72, 1);
  depth.Fill(2.0f);
  for (int x = 0; x < 64; ++x) depth.Row(0, 0)[x] = NAN;
  depth.Row(0, 1)[0] = INFINITY;
  depth.Row(0, 1)[1] = -INFINITY;
  const FrameSamples samples = SampleFrame(0, depth);
  EXPECT_EQ(samples.weights[0], 0);  // nothing left in the cell
  EXPECT_EQ(samples.values[0], 0.0f);
  EXPECT_EQ(samples.weights[1], 128);  // half of it
  EXPECT_EQ(samples.values[1], 2.0f);
  EXPECT_EQ(samples.weights[200], 255);
}

TEST(SeamSamplesTest, ConfidenceWeighsPixels) {
  Image depth(64, 36, 1);
  Image confidence(64, 36, 1);
  depth.Fill(1.0f);
  confidence.Fill(0.5f);
  confidence.Row(0, 0)[0] = 0.0f;
  confidence.Row(0, 0)[1] = 7.0f;
  confidence.Row(0, 0)[2] = NAN;
  const FrameSamples samples = SampleFrame(0, depth, confidence);
  EXPECT_EQ(samples.weights[0], 1);
  EXPECT_EQ(samples.values[0], 1.0f);
  EXPECT_EQ(samples.weights[1], 255);
  EXPECT_EQ(samples.weights[2], 1);
  EXPECT_EQ(samples.weights[3], 128);
}

TEST(SeamSamplesTest, PicturesSmallerThanTheGridWork) {
  Image depth(5, 3, 1);
  depth.Fill(0.25f);
  const FrameSamples samples = SampleFrame(0, depth);
  for (size_t i = 0; i < kSampleCells; ++i) EXPECT_EQ(samples.values[i], 0.25f);
}

TEST(SeamSamplesTest, NeighboursKeepEveryFrameTheyShare) {
  for (int overlap : {0, 1, 6, 40}) {
    const auto shards = PlanShot({100, 331}, 24, overlap);
    for (size_t i = 0; i + 1 < shards.size(); ++i) {
      const FrameRange shared = shards[i].full.Intersect(shards[i + 1].full);
      for (int64_t f = shared.begin; f < shared.end; ++f) {
        // Near the shot's ends, where overlaps are clamped, a frame more or less may be missing.
        if (std::abs(f - shards[i + 1].core.begin) >= overlap) continue;
        EXPECT_TRUE(KeepsSamples(shards[i], f) && KeepsSamples(shards[i + 1], f)) << f;
      }
      EXPECT_TRUE(KeepsSamples(shards[i], shards[i].core.begin));
      EXPECT_TRUE(KeepsSamples(shards[i], shards[i].core.end - 1));
    }
  }
}

TEST(SeamSamplesTest, SurviveBytes) {
  const auto shards = PlanShot({0, 50}, 24, 4);
  const ShardSamples samples = MakeSamples(shards[1], {.scale = 2}, 1);
  const std::string bytes = EncodeShardSamples(samples);
  const auto back = DecodeShardSamples(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, samples);
}

TEST(SeamSamplesTest, DamagedBytesAreDataLoss) {
  const auto shards = PlanShot({0, 50}, 24, 4);
  const std::string bytes = EncodeShardSamples(MakeSamples(shards[0], {}, 1));
  for (size_t length = 0; length < bytes.size(); length += 501) {
    EXPECT_EQ(DecodeShardSamples(bytes.substr(0, length)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(DecodeShardSamples(bytes + std::string(1, '\0')).ok());
  // Every byte of the header but the ranges, and of the first frame's number.
  for (size_t i = 0; i < 16 + 32 + 8 + 8; ++i) {
    if (i >= 16 && i < 48) continue;
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    EXPECT_EQ(DecodeShardSamples(damaged).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  std::string number = bytes;
  number.replace(64, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(DecodeShardSamples(number).ok());
}

}  // namespace
}  // namespace stereofarm
