#include "coordinator/reconcile/skeleton.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/unit/reconcile/made_depth.h"

namespace stereofarm {
namespace {

// Samples in another gauge.
ShardSamples Turned(ShardSamples samples, float scale, float shift) {
  for (FrameSamples& frame : samples.frames) {
    for (float& value : frame.values) value = (value - shift) / scale;
  }
  return samples;
}

double Worst(const ShardSamples& samples, const ShardSamples& truth) {
  double worst = 0;
  for (size_t i = 0; i < truth.frames.size(); ++i) {
    for (size_t k = 0; k < truth.frames[i].values.size(); ++k) {
      worst = std::max<double>(worst,
                               std::abs(samples.frames[i].values[k] - truth.frames[i].values[k]));
    }
  }
  return worst;
}

const std::vector<int64_t> kCoarse = {10, 30, 50, 70, 90, 110};

TEST(SkeletonTest, FinerOnesComeIntoTheGaugeOfTheFirst) {
  const ShardSamples coarse = MakeSkeleton({0, 120}, kCoarse, 0, 1);
  const ShardSamples left = MakeSkeleton({0, 60}, {5, 10, 20, 30, 50, 55}, 0, 2);
  const ShardSamples right = MakeSkeleton({60, 120}, {65, 70, 90, 100, 110}, 0, 3);
  const ShardSamples merged =
      MergeSkeletons({coarse, Turned(left, 1.7f, 0.2f), Turned(right, 0.6f, -0.1f)});
  const ShardSamples truth =
      MakeSkeleton({0, 120}, {5, 10, 20, 30, 50, 55, 65, 70, 90, 100, 110}, 0, 4);
  ASSERT_EQ(merged.frames.size(), truth.frames.size());
  EXPECT_EQ(merged.core, (FrameRange{0, 120}));
  for (size_t i = 0; i < truth.frames.size(); ++i) {
    EXPECT_EQ(merged.frames[i].frame, truth.frames[i].frame);
  }
  EXPECT_LT(Worst(merged, truth), 1e-4);
}

TEST(SkeletonTest, AFrameThatIsWrongDoesNotCount) {
  const ShardSamples coarse = MakeSkeleton({0, 120}, kCoarse, 0, 1);
  ShardSamples finer = MakeSkeleton({0, 120}, {10, 20, 30, 40, 50, 70}, 0, 2);
  for (float& value : finer.frames[2].values) value = 1 - 0.3f * value;
  const ShardSamples merged = MergeSkeletons({coarse, Turned(finer, 2, 0.1f)});
  const ShardSamples truth = MakeSkeleton({0, 120}, {10, 20, 30, 40, 50, 70, 90, 110}, 0, 4);
  ASSERT_EQ(merged.frames.size(), truth.frames.size());
  EXPECT_LT(Worst(merged, truth), 1e-4);
}

TEST(SkeletonTest, OneThatSharesNothingIsLeftOut) {
  const ShardSamples coarse = MakeSkeleton({0, 120}, kCoarse, 0, 1);
  EXPECT_EQ(MergeSkeletons({coarse}), coarse);
  EXPECT_EQ(MergeSkeletons({coarse, MakeSkeleton({0, 120}, {11, 31}, 0, 2)}), coarse);
  ShardSamples flat = MakeSkeleton({0, 120}, {10, 30, 31}, 0, 2);
  for (FrameSamples& frame : flat.frames) {
    std::fill(frame.values.begin(), frame.values.end(), 0.5f);
  }
  EXPECT_EQ(MergeSkeletons({coarse, flat}), coarse);
}

}  // namespace
}  // namespace stereofarm
