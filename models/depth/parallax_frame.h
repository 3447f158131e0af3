#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_egomotion.h"

namespace stereofarm {

// One neighbour of a frame, seen from the frame.
struct FrameSide {
  const cv::Mat* flow = nullptr;  // frame to neighbour
  const cv::Mat* error = nullptr;
  PairPose pose;     // frame to neighbour
  double trust = 0;  // 0..1
  int distance = 0;  // frames; negative is earlier
};

// What one frame and its neighbours say.
struct FrameDepth {
  cv::Mat rho;                   // CV_32F, inverse depth, positive, mean 1
  cv::Mat confidence;            // CV_32F, 0 (the prior) .. 1 (measured)
  cv::Vec3d travel = {0, 0, 0};  // of the camera until the next frame, in units of 1 / rho
  bool lost = false;  // the flow finds this frame in neither neighbour, but they find each other
};

// Depth of one frame: the sides triangulated and fused, clamped to the ground, blended with the
// appearance prior fitted to them, refined to the picture's edges. `rgb`: three CV_32F planes.
// `own_motion` (may be empty) is the mean of MotionAgainst, for the prior's subjects.
FrameDepth EstimateFrame(const std::vector<cv::Mat>& rgb, const std::vector<FrameSide>& sides,
                         const cv::Mat& own_motion);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_
