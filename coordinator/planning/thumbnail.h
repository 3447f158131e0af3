#ifndef STEREOFARM_COORDINATOR_PLANNING_THUMBNAIL_H_
#define STEREOFARM_COORDINATOR_PLANNING_THUMBNAIL_H_

#include <span>

#include "common/farm/cut_features.h"

namespace stereofarm {

// How alike two frames look by their thumbnails, the better of them shifted by up to three cells
// sideways and two up or down.
struct ThumbnailMatch {
  double likeness = 0;  // correlation of luma, -1..1; brightness and contrast set aside; pictures
                        // without structure: 0
  double apart = 0;     // mean absolute difference, luma and chroma, 0..1
};
ThumbnailMatch CompareThumbnails(const CutFeatures& a, const CutFeatures& b);

// Mean absolute difference without a shift.
double ThumbnailDifference(const CutFeatures& a, const CutFeatures& b);

// How frames between `a` and `b` pass from one to the other. Each thumbnail X is explained as
// (1 - m) A + m B.
struct Blend {
  double distance = 0;   // root mean square of B - A
  double residual = 0;   // of what no m explains in the worst third of the frames, of `distance`
  double backwards = 0;  // the most that m ever falls again
  double largest_step = 0;
  int middle = 0;  // the first frame of `between` with m >= 1/2; their count when there's none
};
Blend FitBlend(const CutFeatures& a, std::span<const CutFeatures* const> between,
               const CutFeatures& b);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_THUMBNAIL_H_
