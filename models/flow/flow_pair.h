#ifndef STEREOFARM_MODELS_FLOW_FLOW_PAIR_H_
#define STEREOFARM_MODELS_FLOW_FLOW_PAIR_H_

#include <algorithm>
#include <opencv2/core.hpp>

namespace stereofarm {

// Optical flow between two frames `a` and `b`, both ways. Displacements in pixels, CV_32FC2.
struct FlowPair {
  cv::Mat forward;   // a to b, at a's pixels
  cv::Mat backward;  // b to a, at b's pixels
  // How far a pixel is from where it started after going there and back, in pixels, CV_32F;
  // kLeftPicture where the flow leaves the picture.
  cv::Mat forward_error;
  cv::Mat backward_error;
  // Correlation of a's grey values with b's where the flow leads: near 1 when both show the same
  // scene, whatever the exposure. 1 when both are blank, 0 when one is.
  double likeness = 1;
  static constexpr float kLeftPicture = 1e4f;
};

// The pair of the two flows between grey pictures (CV_8U) of their size.
FlowPair JoinFlows(const cv::Mat& a, const cv::Mat& b, cv::Mat forward, cv::Mat backward);

// The value of a CV_32F plane at (x, y), linear between pixels, constant beyond the borders.
inline float SampleLinear(const cv::Mat& plane, float x, float y) {
  x = std::clamp(x, 0.0f, static_cast<float>(plane.cols - 1));
  y = std::clamp(y, 0.0f, static_cast<float>(plane.rows - 1));
  const int x0 = static_cast<int>(x);
  const int y0 = static_cast<int>(y);
  const int x1 = std::min(x0 + 1, plane.cols - 1);
  const float* upper = plane.ptr<float>(y0);
  const float* lower = plane.ptr<float>(std::min(y0 + 1, plane.rows - 1));
  const float fx = x - static_cast<float>(x0);
  const float fy = y - static_cast<float>(y0);
  const float top = upper[x0] + fx * (upper[x1] - upper[x0]);
  const float bottom = lower[x0] + fx * (lower[x1] - lower[x0]);
  return top + fy * (bottom - top);
}

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_FLOW_PAIR_H_
