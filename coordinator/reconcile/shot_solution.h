#ifndef STEREOFARM_COORDINATOR_RECONCILE_SHOT_SOLUTION_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SHOT_SOLUTION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/farm/cut_depth.h"
#include "common/farm/depth_join.h"
#include "common/farm/seam_samples.h"
#include "coordinator/reconcile/seam.h"
#include "coordinator/reconcile/shard_digest.h"

namespace stereofarm {

struct ReconcileOptions {
  double budget_percent = 2.0;  // the shot's depth budget, in percent of picture width
  // d = 0 and d = 1 lie at these parts of the shot's depth values.
  double low_part = 0.01;
  double high_part = 0.99;
  // A range smaller than this part of its level is a flat picture's noise, and widened to it.
  double least_range = 0.02;
  // Depth that nobody has measured gets this part of the budget; from `enough_measured` of the
  // picture on it gets all of it, linear between. What is known with a correlation of r to the
  // truth is best shown with r times its spread, and guesses have about this one.
  double guessed_span = 0.75;
  double enough_measured = 0.3;
};

// How well two neighbours fit, in percent of picture width at the shot's budget: the mean over the
// picture of their difference in parallax.
struct SeamReport {
  int64_t frame = 0;      // first frame of the right core
  bool compared = false;  // false: the neighbours have no frame in common, nothing was measured
  double mean_percent = 0;
  double worst_percent = 0;  // of the worst frame
  int64_t worst_frame = 0;

  bool operator==(const SeamReport&) const = default;
};

struct ShotSolution {
  std::vector<AlignedShard> shards;  // ascending
  DepthRange range;
  CutDepth first, last;           // of the first and the last frame, in d
  double measured = 1;            // how much of the depth is measured: 0 (all is guessed) .. 1
  std::vector<SeamReport> seams;  // ascending, one between each two shards

  bool operator==(const ShotSolution&) const = default;
};

// Finds the alignments of all shards of a shot at once: scale and shift at both ends
// of each shard, linear between. Minimised is a sum of squares, each over its variance. Of every
// common frame of two neighbours l and r, at which s and t are their scales and shifts:
//   (log s_l sd(a) - log s_r sd(b))^2 + (s_l mean(a) + t_l - s_r mean(b) - t_r)^2 / (s_l s_r
//   sd(a) sd(b)):
// both spreads alike and both means alike, measured in the frame's own spread. It is symmetric in
// both sides and knows no absolute size, so no scale shrinks to make residuals small, and none can
// reach zero. The variance is that of the seam's frames about a line. Of every frame that a shard
// has in common with the skeleton the same, the skeleton's scale being 1 and its shift 0; these are
// re-weighted by their residuals (Cauchy), for what is far apart in the film is hard to compare.
// And of every shard the change of log(scale) and of its mean from one end to the other, and how
// far both lie off a straight line in its middle, which are small as a rule. A shard that is bent
// would else be measured by its ends alone, and what they are wrong by would add up; what is handed
// out is the straight line nearest to the bend over the core. Solved by Gauss-Newton steps, a block
// tridiagonal system with one 6x6 block a shard each: linear time. Neighbours that say nothing of
// each other get the same scale.
//
// Drift inside of shards, added up over a shot, is what seams can't tell: only a skeleton does.
//
// Gauge, which no seam fixes: the mean of log(scale) in the middle of the cores is 0, and the mean
// depth is what it was.
//
// Shards may come in any order; the result is the same. InvalidArgument when cores don't adjoin or
// there are none. `skeleton`: samples of frames all over the shot in one gauge; null: none.
absl::StatusOr<ShotSolution> SolveShot(std::span<const ShardSamples> shards,
                                       const ReconcileOptions& options = {},
                                       const ShardSamples* skeleton = nullptr);

// The same from what was reduced as the shards came in: seams[i] lies between digests[i] and
// digests[i + 1], which are in ascending order; skeleton[i]: the ties of shard i, or none at all.
absl::StatusOr<ShotSolution> SolveShot(std::span<const ShardDigest> digests,
                                       std::span<const Seam> seams,
                                       std::span<const std::vector<SeamFrame>> skeleton = {},
                                       const ReconcileOptions& options = {});

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SHOT_SOLUTION_H_
