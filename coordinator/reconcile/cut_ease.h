#ifndef STEREOFARM_COORDINATOR_RECONCILE_CUT_EASE_H_
#define STEREOFARM_COORDINATOR_RECONCILE_CUT_EASE_H_

#include "common/farm/alignment.h"
#include "common/farm/cut_depth.h"

namespace stereofarm {

// How far the eyes jump from one picture to the other: the most of far part, middle and near part.
double JumpOf(const CutDepth& before, const CutDepth& after);

// `depth` after the turn.
CutDepth Turned(const CutDepth& depth, const DepthEase& ease);

struct CutEase {
  DepthEase before;  // of the last picture before the cut
  DepthEase after;   // of the first one behind it
};

// The turns of both pictures at a cut, given in d, after which no part jumps by more than `most`
// (at least kLeastCutJump, common/farm/job_settings.h): those that change the pictures least.
// Moving a picture in depth as it is is preferred to making it flatter, as convergence is shifted
// at active depth cuts (Mendiburu, 3D Movie Making, 2009); where that isn't enough, the deeper of
// the two gets flatter, as in the transitions of Lang et al. 2010, Nonlinear disparity mapping. No
// picture gets deeper or turned round, and none leaves 0..1 further than it did. No turn where the
// jump is small enough.
CutEase EaseCut(const CutDepth& before, const CutDepth& after, double most);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_CUT_EASE_H_
