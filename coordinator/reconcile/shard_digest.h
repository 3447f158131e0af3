#ifndef STEREOFARM_COORDINATOR_RECONCILE_SHARD_DIGEST_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SHARD_DIGEST_H_

#include <span>
#include <vector>

#include "common/farm/cut_depth.h"
#include "common/farm/depth_join.h"
#include "common/farm/seam_samples.h"

namespace stereofarm {

// What reconcile needs of a shard's raw depth but its seams: small, so that a shot's samples
// needn't be held at once.
struct ShardDigest {
  FrameRange core;
  FrameRange full;
  // Values at evenly spaced parts of the distribution of the core's samples, from the least to the
  // greatest; empty when no sample has weight.
  std::vector<float> quantiles;
  double measured = 1;  // mean weight of the samples: 0 (all is guessed) .. 1
  double mean = 0;
  double spread = 0;  // standard deviation
  // Of the core's first and last frame, where they are the shot's, else empty; those of all its
  // samples where a frame has none.
  CutDepth first;
  CutDepth last;
};
// Which ends of its shot a shard has.
struct ShotEnds {
  bool first = true;
  bool last = true;
};
ShardDigest DigestShard(const ShardSamples& samples, const ShotEnds& ends = {});

// The value below which `part` (0..1) of the shards' depth lies after alignment, taken in the
// middle of each core, each shard counting by its core's frames. `aligned` and `digests` go
// together; at least one digest has values.
double DepthQuantile(std::span<const ShardDigest> digests, std::span<const AlignedShard> aligned,
                     double part);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SHARD_DIGEST_H_
