#include "models/inpaint/exposure.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stereofarm {
namespace {

constexpr int kGrid = 6;              // pixels of the small picture from sample to sample; with 3
                                      // the fills are the same to 0.01 dB
constexpr float kSameSurface = 1.0f;  // of displacement, pixels at a width of 960
constexpr size_t kFewestSamples = 50;
constexpr int kRounds = 5;
constexpr double kLeastNoise = 1.0 / 255;
// Holds gain and offset to no change, as this many samples of a contrast of 0.1 would.
constexpr double kHold = 20;

struct Sample {
  cv::Vec3f from, to;
};

// Where pixel `at` of a picture `small` across lies in one `large` across.
double Scaled(double at, int small, int large) { return (at + 0.5) * large / small - 0.5; }

std::vector<Sample> CommonSurfaces(const KeptFrame& from, const KeptFrame& to,
                                   const DisparityMotion& motion) {
  const cv::Mat &colour = from.colour(), &there = to.colour();
  const float same = kSameSurface * std::max(1.0f, static_cast<float>(from.width()) / 960.0f);
  const auto displacement_at = [](const KeptFrame& frame, double x, double y) {
    const cv::Mat& plane = frame.displacement();
    const long column = std::lround(Scaled(x, frame.width(), plane.cols));
    const long row = std::lround(Scaled(y, frame.height(), plane.rows));
    return plane.at<float>(std::clamp(static_cast<int>(row), 0, plane.rows - 1),
                           std::clamp(static_cast<int>(column), 0, plane.cols - 1));
  };
  std::vector<Sample> samples;
  for (int y = kGrid / 2; y < colour.rows; y += kGrid) {
    for (int x = kGrid / 2; x < colour.cols; x += kGrid) {
      const double px = Scaled(x, colour.cols, from.width());
      const double py = Scaled(y, colour.rows, from.height());
      const SeenPoint p = motion.Apply({px, py, displacement_at(from, px, py)});
      if (!(p.x >= 0 && p.y >= 0 && p.x <= to.width() - 1 && p.y <= to.height() - 1)) continue;
      if (!(std::abs(displacement_at(to, p.x, p.y) - p.d) < same)) continue;
      const double tx = std::clamp(Scaled(p.x, to.width(), there.cols), 0.0, there.cols - 1.0);
      const double ty = std::clamp(Scaled(p.y, to.height(), there.rows), 0.0, there.rows - 1.0);
      const int x0 = static_cast<int>(tx), y0 = static_cast<int>(ty);
      const int x1 = std::min(x0 + 1, there.cols - 1), y1 = std::min(y0 + 1, there.rows - 1);
      const float fx = static_cast<float>(tx - x0), fy = static_cast<float>(ty - y0);
      const cv::Vec3f top =
          there.at<cv::Vec3f>(y0, x0) * (1 - fx) + there.at<cv::Vec3f>(y0, x1) * fx;
      const cv::Vec3f low =
          there.at<cv::Vec3f>(y1, x0) * (1 - fx) + there.at<cv::Vec3f>(y1, x1) * fx;
      samples.push_back({colour.at<cv::Vec3f>(y, x), top * (1 - fy) + low * fy});
    }
  }
  return samples;
}

}  // namespace

Exposure ExposureBetween(const KeptFrame& from, const KeptFrame& to,
                         const DisparityMotion& motion) {
  Exposure exposure;
  const std::vector<Sample> samples = CommonSurfaces(from, to, motion);
  if (samples.size() < kFewestSamples) return exposure;
  std::vector<double> misses(samples.size());
  for (int c = 0; c < 3; ++c) {
    double gain = 1, offset = 0;
    for (int round = 0; round < kRounds; ++round) {
      for (size_t i = 0; i < samples.size(); ++i) {
        misses[i] = std::abs(gain * samples[i].from[c] + offset - samples[i].to[c]);
      }
      std::vector<double> sorted = misses;
      const auto middle = sorted.begin() + static_cast<ptrdiff_t>(sorted.size() / 2);
      std::nth_element(sorted.begin(), middle, sorted.end());
      const double scale = std::max(2 * *middle, kLeastNoise);
      // Of value to change of value.
      double n = kHold, sx = 0, sxx = kHold * 0.01, sy = 0, sxy = 0;
      for (size_t i = 0; i < samples.size(); ++i) {
        const double fall = 1 + misses[i] * misses[i] / (scale * scale);
        const double weight = 1 / (fall * fall);
        const double x = samples[i].from[c], y = samples[i].to[c] - x;
        n += weight;
        sx += weight * x;
        sxx += weight * x * x;
        sy += weight * y;
        sxy += weight * x * y;
      }
      const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
      gain = 1 + slope;
      offset = (sy - slope * sx) / n;
    }
    exposure.gain[static_cast<size_t>(c)] = static_cast<float>(gain);
    exposure.offset[static_cast<size_t>(c)] = static_cast<float>(offset);
  }
  return exposure;
}

}  // namespace stereofarm
