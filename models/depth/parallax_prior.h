#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_egomotion.h"

namespace stereofarm {

// What one picture says about depth without any motion, CV_32F at the picture's size, about zero
// mean and unit deviation, near is large: lower is nearer (the upper half all the same), bright in
// all channels is farther (dark channel: He, Sun, Tang, Single Image Haze Removal Using Dark
// Channel Prior, CVPR 2009), the sides are a little nearer than the middle. `rgb`: three CV_32F
// planes, 0..1.
cv::Mat AppearancePrior(const std::vector<cv::Mat>& rgb);

// How far each pixel of a frame moves against the homography of a pair, pixels at 480; 0 where the
// flow doesn't come back. `flow` and `error` from this frame, `homography` from it too.
cv::Mat MotionAgainst(const cv::Matx33d& homography, const cv::Mat& flow, const cv::Mat& error);

// Raises what moves by itself (mean of MotionAgainst over some pairs) to the prior's depth at its
// contact with the ground. Nothing happens when more than 35 % of the picture would move.
// `strength` 0..1.
void RaiseSubjects(const cv::Mat& motion, float strength, cv::Mat* prior);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_
