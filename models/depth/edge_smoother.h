#ifndef STEREOFARM_MODELS_DEPTH_EDGE_SMOOTHER_H_
#define STEREOFARM_MODELS_DEPTH_EDGE_SMOOTHER_H_

#include <opencv2/core.hpp>
#include <vector>

namespace stereofarm {

// Smooths planes within the regions of a guide picture and not across its edges: weighted least
// squares, solved one direction at a time by tridiagonal systems (Min, Choi, Lu, Ham, Sohn, Do:
// Fast Global Image Smoothing Based on Weighted Least Squares, IEEE TIP 2014). Three rounds,
// attenuation 4.
class EdgeSmoother {
 public:
  // `guide`: planes of one size, CV_32F, code values 0..1. Neighbours are tied by
  // lambda * exp(-difference / sigma), the difference being Euclidean over the planes; `sigma` in
  // the same units.
  EdgeSmoother(const std::vector<cv::Mat>& guide, float lambda, float sigma);
  // In place; CV_32F planes of the guide's size. Mean and bounds of each plane are kept.
  void Smooth(const std::vector<cv::Mat*>& planes) const;

 private:
  float lambda_;
  cv::Mat down_;    // tie of (x, y) with (x, y + 1)
  cv::Mat across_;  // tie of (x, y) with (x + 1, y), transposed
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_EDGE_SMOOTHER_H_
