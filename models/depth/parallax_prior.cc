#include "models/depth/parallax_prior.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "models/depth/parallax_triangulation.h"

namespace stereofarm {
namespace {

constexpr float kDark = 0.75f;
constexpr float kSides = 0.15f;
// Of subjects against their surroundings, pixels at 480. A torso that breathes moves 0.15.
constexpr float kSureMotion = 0.3f;
constexpr float kFaintMotion = 0.15f;

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

cv::Mat AppearancePrior(const std::vector<cv::Mat>& rgb) {
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
  cv::Mat prior = height - kDark * dark + kSides * sides;
  cv::resize(prior, prior, full, 0, 0, cv::INTER_LINEAR);
  return prior;
}

cv::Mat MotionAgainst(const cv::Matx33d& homography, const cv::Mat& flow, const cv::Mat& error) {
  const int w = flow.cols, h = flow.rows;
  const float unit = static_cast<float>(w) / 480.0f;
  const cv::Matx33f m = homography;
  cv::Mat out(h, w, CV_32F);
  for (int y = 0; y < h; ++y) {
    const float* f = flow.ptr<float>(y);
    const float* fb = error.ptr<float>(y);
    float* o = out.ptr<float>(y);
    const float cy = static_cast<float>(y) - 0.5f * static_cast<float>(h - 1);
    for (int x = 0; x < w; ++x) {
      const float cx = static_cast<float>(x) - 0.5f * static_cast<float>(w - 1);
      const float iz = 1 / (m(2, 0) * cx + m(2, 1) * cy + m(2, 2));
      const float dx = (m(0, 0) * cx + m(0, 1) * cy + m(0, 2)) * iz - cx - f[2 * x];
      const float dy = (m(1, 0) * cx + m(1, 1) * cy + m(1, 2)) * iz - cy - f[2 * x + 1];
      const float own = std::sqrt(dx * dx + dy * dy);
      const float length = std::sqrt(f[2 * x] * f[2 * x] + f[2 * x + 1] * f[2 * x + 1]);
      o[x] = fb[x] > unit + 0.1f * length ? 0.0f : own / unit;
    }
  }
  return out;
}

void RaiseSubjects(const cv::Mat& motion, float strength, cv::Mat* prior) {
  const double unit = motion.cols / 480.0;
  const float noise = Quantile(motion, 0.5);
  const float sure = std::max(kSureMotion, 4 * noise);
  const cv::Mat mask = motion > std::max(kFaintMotion, 3 * noise);
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(mask, labels, stats, centres, 8, CV_32S);
  // A subject is a region of faint motion with enough sure motion in it.
  std::vector<int> moving(static_cast<size_t>(count), 0);
  for (int y = 0; y < labels.rows; ++y) {
    const int* row = labels.ptr<int>(y);
    const float* m = motion.ptr<float>(y);
    for (int x = 0; x < labels.cols; ++x) moving[static_cast<size_t>(row[x])] += m[x] > sure;
  }
  const double smallest = 150 * unit * unit;
  double area = 0;
  for (int i = 1; i < count; ++i) {
    if (moving[static_cast<size_t>(i)] >= smallest) area += stats.at<int>(i, cv::CC_STAT_AREA);
  }
  if (area > 0.35 * motion.cols * motion.rows) return;
  std::vector<float> raised(static_cast<size_t>(count), -1e9f);
  for (int i = 1; i < count; ++i) {
    const int size = stats.at<int>(i, cv::CC_STAT_AREA);
    if (moving[static_cast<size_t>(i)] < smallest) continue;
    // The row above which 85 % of it lie is taken for its contact with the ground.
    const int top = stats.at<int>(i, cv::CC_STAT_TOP);
    const int bottom = top + stats.at<int>(i, cv::CC_STAT_HEIGHT);
    int seen = 0, contact = top;
    for (; contact < bottom - 1; ++contact) {
      const int* row = labels.ptr<int>(contact);
      for (int x = 0; x < labels.cols; ++x) seen += row[x] == i;
      if (seen >= 0.85 * size) break;
    }
    raised[static_cast<size_t>(i)] = Quantile(prior->row(contact), 0.5, 1);
  }
  for (int y = 0; y < labels.rows; ++y) {
    const int* row = labels.ptr<int>(y);
    float* p = prior->ptr<float>(y);
    for (int x = 0; x < labels.cols; ++x) {
      const float target = raised[static_cast<size_t>(row[x])];
      if (row[x] > 0 && target > p[x]) p[x] += strength * (target - p[x]);
    }
  }
}

}  // namespace stereofarm
