#include "models/flow/flow_pair.h"

#include <cmath>
#include <cstdint>
#include <utility>

namespace stereofarm {
namespace {

cv::Mat RoundTripError(const cv::Mat& there, const cv::Mat& back) {
  cv::Mat error(there.size(), CV_32F);
  const float right = static_cast<float>(there.cols - 1);
  const float bottom = static_cast<float>(there.rows - 1);
  for (int y = 0; y < there.rows; ++y) {
    const cv::Vec2f* flow = there.ptr<cv::Vec2f>(y);
    float* out = error.ptr<float>(y);
    for (int x = 0; x < there.cols; ++x) {
      const float tx = static_cast<float>(x) + flow[x][0];
      const float ty = static_cast<float>(y) + flow[x][1];
      if (!(tx >= 0 && ty >= 0 && tx <= right && ty <= bottom)) {
        out[x] = FlowPair::kLeftPicture;
        continue;
      }
      const int x0 = static_cast<int>(tx);
      const int y0 = static_cast<int>(ty);
      const int x1 = std::min(x0 + 1, there.cols - 1);
      const cv::Vec2f* upper = back.ptr<cv::Vec2f>(y0);
      const cv::Vec2f* lower = back.ptr<cv::Vec2f>(std::min(y0 + 1, there.rows - 1));
      const float fx = tx - static_cast<float>(x0);
      const float fy = ty - static_cast<float>(y0);
      const float w00 = (1 - fx) * (1 - fy), w10 = fx * (1 - fy), w01 = (1 - fx) * fy,
                  w11 = fx * fy;
      const float dx = flow[x][0] + w00 * upper[x0][0] + w10 * upper[x1][0] + w01 * lower[x0][0] +
                       w11 * lower[x1][0];
      const float dy = flow[x][1] + w00 * upper[x0][1] + w10 * upper[x1][1] + w01 * lower[x0][1] +
                       w11 * lower[x1][1];
      out[x] = std::sqrt(dx * dx + dy * dy);
    }
  }
  return error;
}

double Likeness(const cv::Mat& a, const cv::Mat& b, const cv::Mat& flow) {
  constexpr int kStride = 8;
  constexpr double kBlank = 1;  // variance, in levels squared
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int y = kStride / 2; y < a.rows; y += kStride) {
    for (int x = kStride / 2; x < a.cols; x += kStride) {
      const cv::Vec2f& f = flow.at<cv::Vec2f>(y, x);
      const int tx = static_cast<int>(std::lround(static_cast<float>(x) + f[0]));
      const int ty = static_cast<int>(std::lround(static_cast<float>(y) + f[1]));
      if (tx < 0 || ty < 0 || tx >= b.cols || ty >= b.rows) continue;
      const double va = a.at<uint8_t>(y, x), vb = b.at<uint8_t>(ty, tx);
      n += 1;
      sa += va;
      sb += vb;
      saa += va * va;
      sbb += vb * vb;
      sab += va * vb;
    }
  }
  if (n < 1) return 0;
  const double variance_a = saa / n - sa / n * (sa / n);
  const double variance_b = sbb / n - sb / n * (sb / n);
  if (variance_a < kBlank && variance_b < kBlank) return 1;
  if (variance_a < kBlank || variance_b < kBlank) return 0;
  return (sab / n - sa / n * (sb / n)) / std::sqrt(variance_a * variance_b);
}

}  // namespace

FlowPair JoinFlows(const cv::Mat& a, const cv::Mat& b, cv::Mat forward, cv::Mat backward) {
  FlowPair pair;
  pair.forward = std::move(forward);
  pair.backward = std::move(backward);
  pair.likeness = Likeness(a, b, pair.forward);
  pair.forward_error = RoundTripError(pair.forward, pair.backward);
  pair.backward_error = RoundTripError(pair.backward, pair.forward);
  return pair;
}

}  // namespace stereofarm
