#include "models/depth/parallax_subjects.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "models/depth/parallax_triangulation.h"

namespace stereofarm {
namespace {

// Of subjects against their surroundings, pixels at 480. A torso that breathes moves 0.15.
constexpr float kSureMotion = 0.3f;
constexpr float kFaintMotion = 0.15f;
constexpr double kSmallest = 150;  // sure pixels of a subject, at 480
// When more of the picture moves than this, the flow is wrong rather than the scene alive.
constexpr double kMostMoving = 0.35;
constexpr double kFarTooMuch = 0.45;

// The row above which 85 % of component `i` lie: its contact with the ground, toes aside.
int ContactRow(const cv::Mat& labels, const cv::Mat& stats, int i) {
  const int size = stats.at<int>(i, cv::CC_STAT_AREA);
  int row = stats.at<int>(i, cv::CC_STAT_TOP);
  const int last = row + stats.at<int>(i, cv::CC_STAT_HEIGHT) - 1;
  for (int seen = 0; row < last; ++row) {
    const int* label = labels.ptr<int>(row);
    for (int x = 0; x < labels.cols; ++x) seen += label[x] == i;
    if (seen >= 0.85 * size) break;
  }
  return row;
}

}  // namespace

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
  // At half size and without small speckles: flow is noisy where a wall has no texture.
  const cv::Size size(std::max(1, motion.cols / 2), std::max(1, motion.rows / 2));
  cv::Mat small, level;
  cv::resize(motion, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(*prior, level, size, 0, 0, cv::INTER_AREA);
  const double unit = size.width / 480.0;
  const float noise = Quantile(small, 0.5, 2);
  const float sure = std::max(kSureMotion, 4 * noise);
  cv::Mat mask = small > std::max(kFaintMotion, 3 * noise);
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(mask, labels, stats, centres, 8, CV_32S);
  // A subject is a region of faint motion with enough sure motion in it.
  std::vector<int> moving(static_cast<size_t>(count), 0);
  for (int y = 0; y < labels.rows; ++y) {
    const int* row = labels.ptr<int>(y);
    const float* m = small.ptr<float>(y);
    for (int x = 0; x < labels.cols; ++x) moving[static_cast<size_t>(row[x])] += m[x] > sure;
  }
  double area = 0;
  std::vector<float> raised(static_cast<size_t>(count), -1e9f);
  for (int i = 1; i < count; ++i) {
    if (moving[static_cast<size_t>(i)] < kSmallest * unit * unit) continue;
    area += stats.at<int>(i, cv::CC_STAT_AREA);
    raised[static_cast<size_t>(i)] = Quantile(level.row(ContactRow(labels, stats, i)), 0.5, 1);
  }
  const double share = area / size.area();
  strength *=
      static_cast<float>(std::clamp((kFarTooMuch - share) / (kFarTooMuch - kMostMoving), 0.0, 1.0));
  if (share == 0 || strength == 0) return;
  cv::Mat lift(size, CV_32F);
  for (int y = 0; y < labels.rows; ++y) {
    const int* row = labels.ptr<int>(y);
    const float* p = level.ptr<float>(y);
    float* out = lift.ptr<float>(y);
    for (int x = 0; x < labels.cols; ++x) {
      out[x] = strength * std::max(0.0f, raised[static_cast<size_t>(row[x])] - p[x]);
    }
  }
  cv::resize(lift, lift, motion.size(), 0, 0, cv::INTER_LINEAR);
  *prior += lift;
}

}  // namespace stereofarm
