#ifndef STEREOFARM_COORDINATOR_RECONCILE_SHOT_LINKS_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SHOT_LINKS_H_

#include <vector>

#include "coordinator/reconcile/seam.h"
#include "coordinator/reconcile/shard_digest.h"

namespace stereofarm {

// What the frames that two shards have in common say of their scales and shifts, with how sure it
// is: what a shot's solution is found from. Uncertainties are of log(scale), and of the level in
// units of the spread.

// Draws neighbours without information to the same scale and level: the weight of what they say.
inline constexpr double kPrior = 1e-2;

// Moments of what two sides have in common.
struct Moments {
  double weight = 0;  // of what they say about scale and shift, 0..1
  double log_ratio = 0;
  double mean_a = 0, mean_b = 0;
  double sd_a = 1, sd_b = 1;
};

// `spread_a`, `spread_b`: of the whole shards, below a millionth of which a seam's is none.
Moments MomentsOf(const SeamSums& sums, double spread_a, double spread_b);

// One frame in which two neighbours, or a shard and the skeleton, are compared.
struct Link {
  Moments moments;
  double part_a = 0.5, part_b = 0.5;  // of the way through the full ranges
  double weight = 0;                  // one over the variance
};

// A line through what a seam's frames say.
struct Line {
  double variance = 0;  // of the frames about it, each
  double slope = 0;     // from begin to end of a full range
  double slope_variance = 0;
};

// What neighbours `i` and `i + 1` say of each other.
struct Joint {
  Moments whole;
  std::vector<Link> links;
  bool has_lines = false;  // where its frames are enough for them
  Line log, level;
};

// Where the middle of `frame` lies in the shard's full range, 0..1.
double PartOf(const ShardDigest& digest, double frame);

// What the shard's levels are measured in; above 0.
double UnitOf(const ShardDigest& digest);

// A seam's links: one at least, in the seam's middle where its frames say nothing one by one.
Joint JointOf(const Seam& seam, const ShardDigest& left, const ShardDigest& right);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SHOT_LINKS_H_
