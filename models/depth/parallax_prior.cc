#include "models/depth/parallax_prior.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace stereofarm {
namespace {

constexpr float kDark = 0.75f;
constexpr float kSides = 0.15f;

// Zero mean and unit deviation. What varies by less than `faintest` is not blown up.
void Standardise(cv::Mat* plane, double faintest) {
  cv::Scalar mean, deviation;
  cv::meanStdDev(*plane, mean, deviation);
  *plane = (*plane - mean[0]) * (1.0 / std::max(deviation[0], faintest));
}

// The darkest channel around each pixel.
cv::Mat DarkChannel(const std::vector<cv::Mat>& rgb, cv::Size size) {
  cv::Mat dark;
  cv::min(rgb[0], rgb[1], dark);
  cv::min(dark, rgb[2], dark);
  cv::resize(dark, dark, size, 0, 0, cv::INTER_AREA);
  const int reach = std::max(1, static_cast<int>(std::lround(3.0 * size.width / 320)));
  cv::erode(dark, dark, cv::getStructuringElement(cv::MORPH_RECT, {2 * reach + 1, 2 * reach + 1}));
  cv::GaussianBlur(dark, dark, {0, 0}, std::max(0.5, 3.0 * size.width / 320), 0,
                   cv::BORDER_REPLICATE);
  return dark;
}

}  // namespace

cv::Mat AppearancePrior(const std::vector<cv::Mat>& rgb, const ParallaxOptions& options) {
  const cv::Size full = rgb[0].size();
  const cv::Size size(std::max(1, full.width / 2), std::max(1, full.height / 2));
  cv::Mat height(size, CV_32F), sides(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(size.height);
    for (int x = 0; x < size.width; ++x) {
      const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(size.width);
      height.at<float>(y, x) = std::max(v, 0.5f);
      sides.at<float>(y, x) = std::abs(u - 0.5f);
    }
  }
  cv::Mat dark = DarkChannel(rgb, size);
  Standardise(&height, 1e-3);
  Standardise(&sides, 1e-3);
  Standardise(&dark, 0.02);
  cv::Mat prior = height;
  if (options.haze) prior -= kDark * dark;
  if (options.sides) prior += kSides * sides;
  cv::resize(prior, prior, full, 0, 0, cv::INTER_LINEAR);
  return prior;
}

}  // namespace stereofarm
