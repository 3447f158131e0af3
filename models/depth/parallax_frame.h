#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_egomotion.h"
#include "models/depth/parallax_options.h"

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
  cv::Mat rho;                   // CV_32F, inverse depth, positive, power mean (1/4) 1
  cv::Mat confidence;            // CV_32F, 0 (the prior) .. 1 (measured)
  cv::Vec3d travel = {0, 0, 0};  // of the camera until the next frame, in units of 1 / rho
  bool lost = false;  // the flow finds this frame in neither neighbour, but they find each other
};

// What a frame's depth is made of. Everything must outlive the call.
struct FrameInput {
  const std::vector<cv::Mat>* rgb = nullptr;  // three CV_32F planes, code values 0..1
  std::vector<FrameSide> sides;
  cv::Mat own_motion;  // mean of MotionAgainst, for the prior's subjects; may be empty
  cv::Mat titles;      // of FindTitles; may be empty
};

// Depth of one frame: the sides triangulated and fused, movers stood on the ground, the rest
// clamped to it, blended with the appearance prior fitted to them, refined to the picture's edges,
// titles flattened.
FrameDepth EstimateFrame(const FrameInput& input, const ParallaxOptions& options);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_FRAME_H_
