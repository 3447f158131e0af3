#include "models/inpaint/pair_motion.h"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace stereofarm {
namespace {

constexpr int kGrid = 8;               // pixels of the flow's picture from point to point
constexpr int kNeighbourhood = 7;      // of which the displacement must be even
constexpr float kEven = 1.5f;          // range of displacement there, pixels at a width of 960
constexpr double kFewestInside = 0.1;  // of the grid's points

}  // namespace

MotionFit MotionBetween(const KeptFrame& a, const KeptFrame& b, DenseFlow* flow) {
  const cv::Mat forward = flow->Forward(a.grey(), b.grey());
  const cv::Mat window = cv::Mat::ones(kNeighbourhood, kNeighbourhood, CV_8U);
  cv::Mat high, low;
  cv::dilate(a.displacement(), high, window);
  cv::erode(a.displacement(), low, window);
  const float even = kEven * static_cast<float>(a.width()) / 960.0f;
  const double sx = static_cast<double>(a.width()) / a.grey().cols;
  const double sy = static_cast<double>(a.height()) / a.grey().rows;
  const float right = static_cast<float>(b.grey().cols - 1);
  const float bottom = static_cast<float>(b.grey().rows - 1);
  std::vector<PointPair> points;
  int asked = 0;
  for (int y = kGrid / 2; y < a.grey().rows; y += kGrid) {
    for (int x = kGrid / 2; x < a.grey().cols; x += kGrid) {
      if (!(high.at<float>(y, x) - low.at<float>(y, x) < even)) continue;
      ++asked;
      const cv::Vec2f motion = forward.at<cv::Vec2f>(y, x);
      const float tx = static_cast<float>(x) + motion[0], ty = static_cast<float>(y) + motion[1];
      if (!(tx >= 0 && ty >= 0 && tx <= right && ty <= bottom)) continue;
      const float d = SampleLinear(b.displacement(), tx, ty);
      if (!std::isfinite(d)) continue;
      points.push_back(
          {.from = {(x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5, a.displacement().at<float>(y, x)},
           .to = {(tx + 0.5) * sx - 0.5, (ty + 0.5) * sy - 0.5, d}});
    }
  }
  if (static_cast<double>(points.size()) < kFewestInside * asked) return {};
  return FitDisparityMotion(points, a.width(), a.height());
}

}  // namespace stereofarm
