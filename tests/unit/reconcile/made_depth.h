#ifndef STEREOFARM_TESTS_UNIT_RECONCILE_MADE_DEPTH_H_
#define STEREOFARM_TESTS_UNIT_RECONCILE_MADE_DEPTH_H_

#include <cstdint>
#include <vector>

#include "common/farm/depth_join.h"
#include "common/farm/seam_samples.h"
#include "common/image/image.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// Inverse depth of a made scene at `frame`: a tilted ground, things that come nearer; about 0.1..1.
Image TrueDepth(int64_t frame, int width = 128, int height = 72);

// What is done to the truth in one shard: raw = (truth + noise - shift) / scale.
struct Distortion {
  double scale = 1;
  double shift = 0;
  double drift = 0;          // of log(scale), from the begin of the full range to its end
  double bend = 0;           // of log(scale), in the middle off the straight line
  double noise = 0;          // standard deviation, of each sample
  double outliers = 0;       // part of the picture's width in which the depth is wrong
  bool half_floats = false;  // rounded as the depth files are
};

// Samples of `frames` in one gauge, as a skeleton has them.
ShardSamples MakeSkeleton(const FrameRange& shot, const std::vector<int64_t>& frames, double noise,
                          uint64_t seed);

// The samples that a shard's worker keeps.
ShardSamples MakeSamples(const Shard& shard, const Distortion& distortion, uint64_t seed);

// Samples with one value everywhere.
ShardSamples FlatSamples(const Shard& shard, float value);

// The largest mean step between neighbours over their common frames after alignment, measured on
// the truth (what noise adds on both sides left out), of the whole range of the truth (0..1).
double WorstStep(const std::vector<AlignedShard>& aligned, const std::vector<Distortion>& done);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_RECONCILE_MADE_DEPTH_H_
