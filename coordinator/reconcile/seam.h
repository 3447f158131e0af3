#ifndef STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_

#include <cstdint>
#include <vector>

#include "common/farm/alignment.h"
#include "common/farm/seam_samples.h"

namespace stereofarm {

// Weighted sums over common samples, a of the left and b of the right side.
struct SeamSums {
  double w = 0, wa = 0, wb = 0, waa = 0, wbb = 0, wab = 0;
};

// What two neighbours say of one common frame.
struct SeamFrame {
  int64_t frame = 0;
  SeamSums sums;
  // How far they differ under the seam's own relation of equal spreads and means, divided by
  // sqrt(scale_l scale_r): the mean over the grid, outliers included.
  double step = 0;

  // The same of a few samples spread over the grid, from which the difference under another
  // alignment follows.
  struct Point {
    float a = 0;
    float b = 0;
    float part = 0;  // of the frame's weight; all together 1
  };
  std::vector<Point> points;
  double points_step = 0;

  // The mean over the grid of |left a - right b| after alignment, in units of the aligned depth.
  double StepUnder(const Alignment& left, const Alignment& right) const;
};

// All that reconcile needs of two neighbours: of the samples that they share.
struct Seam {
  int64_t frame = 0;    // first frame of the right core
  bool paired = false;  // false: no common frames; the sums are the moments of the frames on either
                        // side, as if they were one
  SeamSums sums;
  std::vector<SeamFrame> frames;  // the common ones, ascending
};

// Reduces two neighbours; `left.core` ends where `right.core` begins.
//
// Samples are weighted by both confidences and robustly: the relation b = alpha a + beta of least
// median residual among those through pairs of samples (Rousseeuw 1984, least median of squares)
// is refined by iteratively re-weighted regression with Tukey's biweight (Beaton & Tukey 1974).
// Almost half of the samples may be wrong. The slope is the ratio of both spreads (the geometric
// mean functional relationship, Ricker 1973), which is symmetric in its two sides: noise doesn't
// make scales shrink along a chain. No randomness: the pairs are fixed. Each common frame is then
// refined by itself from there, since shards drift.
Seam ReduceSeam(const ShardSamples& left, const ShardSamples& right);

// The same for a shard (a) and a skeleton (b), frames sampled over the whole shot and inferred
// together: empty where they've no frame in common.
std::vector<SeamFrame> ReduceTies(const ShardSamples& shard, const ShardSamples& skeleton);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_
