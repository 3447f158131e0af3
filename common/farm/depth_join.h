#ifndef STEREOFARM_COMMON_FARM_DEPTH_JOIN_H_
#define STEREOFARM_COMMON_FARM_DEPTH_JOIN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/farm/alignment.h"
#include "common/image/image.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// A shard's depth after reconcile: its alignment makes the shot's depth of it.
struct AlignedShard {
  FrameRange core;
  FrameRange full;
  AlignmentRamp ramp;

  Alignment At(int64_t frame) const { return ramp.At(full, frame); }
  bool operator==(const AlignedShard&) const = default;
};

// What becomes d = 0 and d = 1 of the shot's depth.
struct DepthRange {
  double lo = 0;
  double hi = 1;

  bool operator==(const DepthRange&) const = default;
};

// One shard's part in a frame's depth.
struct JoinTerm {
  size_t shard = 0;  // index
  double weight = 1;

  bool operator==(const JoinTerm&) const = default;
};

// The shards that make up `frame` and their weights, which sum to 1: one shard, or two around a
// seam. Around the border c of two cores the weight of the right one rises by a smoothstep over
// frames c - h .. c + h - 1, where h is as far as both shards reach over the border, but at most
// half of either core (so never more than two shards meet). `shards`: of one shot, ascending, cores
// adjoining; `frame` in one of the cores, else nothing is returned.
std::vector<JoinTerm> JoinTerms(std::span<const AlignedShard> shards, int64_t frame);

// Raw depth of one shard for a frame, with its weight from JoinTerms.
struct JoinInput {
  const Image* raw = nullptr;  // one channel
  Alignment alignment;         // in this frame
  double weight = 1;
};

// d = Knee((sum of weight * aligned raw - lo) / (hi - lo)): near = 1. Pixels that aren't
// finite in one input take the others'; in all of them: d = 0.5. All inputs of one size.
Image NormalisedDepth(std::span<const JoinInput> inputs, const DepthRange& range);

// The identity between 0.05 and 0.95; beyond, hyperbolas that join with the same slope and reach 0
// and 1 only at infinity: what lies outside of the percentiles keeps its order instead of being
// clipped flat. Knee(0) = 0.025, Knee(1) = 0.975.
inline constexpr float kKnee = 0.05f;
inline float Knee(float x) {
  if (x < kKnee) return kKnee * kKnee / (2 * kKnee - x);
  if (x > 1 - kKnee) return 1 - kKnee * kKnee / (x - (1 - 2 * kKnee));
  return x;
}

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_DEPTH_JOIN_H_
