#ifndef STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_

#include <cstdint>
#include <vector>

#include "common/farm/seam_samples.h"

namespace stereofarm {

// How far two neighbours differ in one common frame once they're aligned: the mean over the grid of
// |scale_l a + shift_l - scale_r b - shift_r| / sqrt(scale_l scale_r), outliers included.
struct SeamFrame {
  int64_t frame = 0;
  double step = 0;
};

// All that reconcile needs of two neighbours: weighted sums over the samples they share, a of the
// left and b of the right one.
struct Seam {
  int64_t frame = 0;    // first frame of the right core
  bool paired = false;  // false: no common frames; the sums are the moments of the frames on either
                        // side, as if they were one
  double w = 0, wa = 0, wb = 0, waa = 0, wbb = 0, wab = 0;
  std::vector<SeamFrame> frames;  // the common ones, ascending
};

// Reduces two neighbours; `left.core` ends where `right.core` begins.
//
// Samples are weighted by both confidences and robustly: the relation b = alpha a + beta of least
// median residual among those through pairs of samples (Rousseeuw 1984, least median of squares)
// is refined by iteratively re-weighted regression with Tukey's biweight (Beaton & Tukey 1974).
// Almost half of the samples may be wrong. The slope is the ratio of both spreads (the geometric
// mean functional relationship, Ricker 1973), which is symmetric in its two sides: noise doesn't
// make scales shrink along a chain. No randomness: the pairs are fixed.
Seam ReduceSeam(const ShardSamples& left, const ShardSamples& right);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SEAM_H_
