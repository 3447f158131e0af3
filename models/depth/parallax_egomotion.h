#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_EGOMOTION_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_EGOMOTION_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/flow/flow_pair.h"

namespace stereofarm {

// A pixel that the flow of a pair could follow there and back. All in pixels.
struct FlowSample {
  double x = 0, y = 0;    // in the first frame, from the picture's centre
  double tx = 0, ty = 0;  // in the second
};

// Camera of a second frame seen from the first: X2 = R (X1 + T), |T| = 1 (the unit of length).
struct PairPose {
  cv::Matx33d rotation = cv::Matx33d::eye();
  cv::Vec3d translation = {0, 0, 1};
  // The same pair from the second frame's side.
  PairPose Inverse() const { return {rotation.t(), -(rotation * translation)}; }
};

// How two frames of a pair relate, in pixels of a picture 480 wide.
struct PairMotion {
  double survivors = 0;            // share of the grid that the flow could follow
  cv::Matx33d homography;          // first to second frame, pixels from the centre
  double homography_residual = 0;  // median
  double homography_share = 1;     // of samples nearer to it than half a pixel
  PairPose pose;
  double epipolar_residual = 0;  // median distance from the epipolar line
  double positive_share = 0;     // of samples in front of the camera
  double motion = 0;             // median, after the rotation is taken out
  // 0 (no parallax to be trusted: a still, pan or zoom, or mostly independent movers) .. 1.
  double trust = 0;
};

// Grid points (48 across) whose round trip is shorter than half a pixel (at 480) plus 2 % of the
// motion. `survivors` is their share of the grid.
std::vector<FlowSample> SampleFlow(const FlowPair& flow, double* survivors);

// Robust homography of the samples: iterated weighted least squares, from a wide scale to
// `scale_px`.
cv::Matx33d FitHomography(const std::vector<FlowSample>& samples, double scale_px);

// Rotation and direction of travel that minimise the samples' distance from their epipolar lines
// (soft L1, `scale_px`), by Levenberg-Marquardt from five directions. The sign of T puts most
// samples in front. Deterministic.
PairPose FitPose(const std::vector<FlowSample>& samples, double focal_px, double scale_px);

// Everything above for one pair.
PairMotion MeasureMotion(const FlowPair& flow);

// Focal length that the whole estimator assumes, in widths of the picture. Rank hardly depends on
// it.
inline constexpr double kFocalInWidths = 0.8;

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_EGOMOTION_H_
