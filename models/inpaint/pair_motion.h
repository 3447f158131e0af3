#ifndef STEREOFARM_MODELS_INPAINT_PAIR_MOTION_H_
#define STEREOFARM_MODELS_INPAINT_PAIR_MOTION_H_

#include "models/flow/dense_flow.h"
#include "models/inpaint/disparity_motion.h"
#include "models/inpaint/kept_frame.h"

namespace stereofarm {

// How the scene moves from frame `a` to frame `b`: the motion that agrees best with the flow
// between them, seen on a grid of points away from edges of depth, where flow is wrong. That flow
// from `b` comes back to them isn't asked: the fills are the same to 0.02 dB, and finding it takes
// as long as all the rest. Two frames without a common scene agree on nothing.
MotionFit MotionBetween(const KeptFrame& a, const KeptFrame& b, DenseFlow* flow);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_PAIR_MOTION_H_
