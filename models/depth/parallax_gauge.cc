#include "models/depth/parallax_gauge.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stereofarm {
namespace {

constexpr int kStride = 6;
constexpr double kMostLogRatio = 0.7;
constexpr float kAgreement = 0.15f;
constexpr float kGuessAgreement = 2;  // more, where depth is a guess
constexpr float kShare = 0.5f;        // of a neighbour that agrees wholly, beside the frame's 1

// Inverse depth after the camera went `travel` forward. Never beyond five times as near.
float Travelled(float rho, float travel) { return rho / std::max(1 + rho * travel, 0.2f); }

}  // namespace

double LogRatio(const FrameDepth& frame, const FrameDepth& next, const FlowPair& flow) {
  if (frame.lost || next.lost) return 0;
  const float unit = static_cast<float>(frame.rho.cols) / 480.0f;
  const float travel = static_cast<float>(frame.travel[2]);
  std::vector<std::pair<float, float>> samples;  // ratio, weight
  double total = 0;
  int all = 0;
  for (int y = kStride / 2; y < frame.rho.rows; y += kStride) {
    for (int x = kStride / 2; x < frame.rho.cols; x += kStride, ++all) {
      if (flow.forward_error.at<float>(y, x) > unit) continue;
      const cv::Vec2f& f = flow.forward.at<cv::Vec2f>(y, x);
      const float tx = static_cast<float>(x) + f[0], ty = static_cast<float>(y) + f[1];
      const float there = SampleLinear(next.rho, tx, ty);
      const float here = Travelled(frame.rho.at<float>(y, x), travel);
      const float weight =
          0.02f + frame.confidence.at<float>(y, x) * SampleLinear(next.confidence, tx, ty);
      samples.emplace_back(std::log(there / here), weight);
      total += weight;
    }
  }
  if (static_cast<int>(samples.size()) * 4 < all || samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  double seen = 0;
  for (const auto& [ratio, weight] : samples) {
    seen += weight;
    if (seen >= 0.5 * total) {
      return std::clamp(static_cast<double>(ratio), -kMostLogRatio, kMostLogRatio);
    }
  }
  return 0;
}

double WindowGauge(const std::vector<double>& ratios, size_t at) {
  double sum = 0, chain = 0;
  for (size_t i = at; i > 0; --i) {
    chain -= ratios[i - 1];
    sum += chain;
  }
  chain = 0;
  for (size_t i = at; i < ratios.size(); ++i) {
    chain += ratios[i];
    sum += chain;
  }
  return sum / static_cast<double>(ratios.size() + 1);
}

cv::Mat SteadyFrame(const cv::Mat& rho, const cv::Mat& confidence,
                    const std::vector<TimeNeighbour>& neighbours) {
  cv::Mat sum = rho.clone();
  cv::Mat weights = cv::Mat::ones(rho.size(), CV_32F);
  const float unit = static_cast<float>(rho.cols) / 480.0f;
  std::vector<float> there(static_cast<size_t>(rho.cols));
  for (const TimeNeighbour& n : neighbours) {
    const float scale = static_cast<float>(std::exp(-n.log_ratio));
    // Backwards along the neighbour's own way to here.
    const float travel = static_cast<float>(-n.travel_forth);
    for (int y = 0; y < rho.rows; ++y) {
      const float* own = rho.ptr<float>(y);
      const float* known = confidence.ptr<float>(y);
      const cv::Vec2f* f = n.flow->ptr<cv::Vec2f>(y);
      const float* error = n.error->ptr<float>(y);
      float* s = sum.ptr<float>(y);
      float* w = weights.ptr<float>(y);
      for (int x = 0; x < rho.cols; ++x) {
        there[static_cast<size_t>(x)] =
            SampleLinear(*n.rho, static_cast<float>(x) + f[x][0], static_cast<float>(y) + f[x][1]);
      }
      // Apart from the look-ups, so that it vectorises.
      for (int x = 0; x < rho.cols; ++x) {
        const float brought = Travelled(there[static_cast<size_t>(x)] * scale, travel);
        const float guess = (1 - known[x]) * (1 - known[x]);
        const float off = (brought - own[x]) / ((kAgreement + kGuessAgreement * guess) * own[x]);
        // A bell without the exponential's cost.
        const float bell = 1 / (1 + off * off);
        const float agreed = (kShare + (1 - kShare) * guess) * bell * bell;
        const float weight = error[x] > unit ? 0.0f : agreed;
        s[x] += weight * brought;
        w[x] += weight;
      }
    }
  }
  cv::Mat out;
  cv::divide(sum, weights, out);
  return out;
}

}  // namespace stereofarm
