#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_TRIANGULATION_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_TRIANGULATION_H_

#include <opencv2/core.hpp>
#include <optional>

#include "models/depth/parallax_egomotion.h"

namespace stereofarm {

// Inverse depth of every pixel and how far to trust it. CV_32F.
struct MeasuredDepth {
  cv::Mat rho;     // in 1 / baseline; may be negative where the flow is wrong
  cv::Mat weight;  // 1 / variance of rho; 0 is no measurement
  // Motion that no still point can have, pixels at 480: off the epipolar line, or along it as if
  // behind the camera. 0 where the flow doesn't come back.
  cv::Mat own;
};

// From the flow of one side of a pair and that side's pose. Pixels whose flow leaves the picture
// get weight 0.
MeasuredDepth Triangulate(const cv::Mat& flow, const cv::Mat& error, const PairPose& pose);

// Two sides of one frame: the second is scaled to the first by the median ratio where both are
// well measured, then the weighted mean, re-weighted twice where they differ. nullopt when they
// have no pixels in common to compare (the first is then all there is).
std::optional<MeasuredDepth> Fuse(const MeasuredDepth& first, const MeasuredDepth& second);

// The value below which `share` of every `stride`-th pixel lies (in both directions) where `mask`
// (may be empty) is positive; 0 when there is none.
float Quantile(const cv::Mat& plane, double share, int stride = 3, const cv::Mat& mask = cv::Mat());

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_TRIANGULATION_H_
