#include "models/depth/edge_smoother.h"

#include <cmath>

namespace stereofarm {
namespace {

constexpr int kRounds = 3;
constexpr float kAttenuation = 4;

// Ties of each row with the next one: exp(-|difference| / sigma). The last row's are zero.
cv::Mat TiesDown(const std::vector<cv::Mat>& guide, float sigma) {
  const int w = guide[0].cols, h = guide[0].rows;
  cv::Mat ties = cv::Mat::zeros(h, w, CV_32F);
  for (const cv::Mat& plane : guide) {
    for (int y = 0; y + 1 < h; ++y) {
      const float* here = plane.ptr<float>(y);
      const float* next = plane.ptr<float>(y + 1);
      float* out = ties.ptr<float>(y);
      for (int x = 0; x < w; ++x) out[x] += (here[x] - next[x]) * (here[x] - next[x]);
    }
  }
  if (h > 1) {
    cv::Mat inner = ties.rowRange(0, h - 1);
    cv::sqrt(inner, inner);
    inner *= -1.0 / sigma;
    cv::exp(inner, inner);
  }
  return ties;
}

// The tridiagonal systems of all columns at once: (1 + l t[y-1] + l t[y]) u[y] - l t[y-1] u[y-1] -
// l t[y] u[y+1] = f[y]. `upper` and `scale` are the eliminated coefficients, the same for every
// plane.
void Eliminate(const cv::Mat& ties, float lambda, cv::Mat* upper, cv::Mat* scale) {
  const int w = ties.cols, h = ties.rows;
  for (int y = 0; y < h; ++y) {
    const float* t = ties.ptr<float>(y);
    float* u = upper->ptr<float>(y);
    float* s = scale->ptr<float>(y);
    if (y == 0) {
      for (int x = 0; x < w; ++x) {
        const float b = lambda * t[x];
        s[x] = 1 / (1 + b);
        u[x] = b * s[x];
      }
      continue;
    }
    const float* before = ties.ptr<float>(y - 1);
    const float* last = upper->ptr<float>(y - 1);
    for (int x = 0; x < w; ++x) {
      const float a = lambda * before[x];
      const float b = lambda * t[x];
      s[x] = 1 / (1 + a + b - a * last[x]);
      u[x] = b * s[x];
    }
  }
}

void Substitute(const cv::Mat& ties, float lambda, const cv::Mat& upper, const cv::Mat& scale,
                cv::Mat* plane) {
  const int w = ties.cols, h = ties.rows;
  for (int y = 0; y < h; ++y) {
    float* f = plane->ptr<float>(y);
    const float* s = scale.ptr<float>(y);
    if (y == 0) {
      for (int x = 0; x < w; ++x) f[x] *= s[x];
      continue;
    }
    const float* before = ties.ptr<float>(y - 1);
    const float* last = plane->ptr<float>(y - 1);
    for (int x = 0; x < w; ++x) f[x] = (f[x] + lambda * before[x] * last[x]) * s[x];
  }
  for (int y = h - 2; y >= 0; --y) {
    float* f = plane->ptr<float>(y);
    const float* u = upper.ptr<float>(y);
    const float* next = plane->ptr<float>(y + 1);
    for (int x = 0; x < w; ++x) f[x] += u[x] * next[x];
  }
}

}  // namespace

EdgeSmoother::EdgeSmoother(const std::vector<cv::Mat>& guide, float lambda, float sigma)
    : lambda_(lambda), down_(TiesDown(guide, sigma)) {
  std::vector<cv::Mat> turned(guide.size());
  for (size_t i = 0; i < guide.size(); ++i) cv::transpose(guide[i], turned[i]);
  across_ = TiesDown(turned, sigma);
}

void EdgeSmoother::Smooth(const std::vector<cv::Mat*>& planes) const {
  cv::Mat upper(across_.size(), CV_32F), scale(across_.size(), CV_32F);
  cv::Mat upper_down(down_.size(), CV_32F), scale_down(down_.size(), CV_32F);
  float total = 0;
  for (int i = 0; i < kRounds; ++i) total = total * kAttenuation + 1;
  for (int i = 0; i < kRounds; ++i) {
    const float lambda =
        1.5f * std::pow(kAttenuation, static_cast<float>(kRounds - 1 - i)) / total * lambda_;
    Eliminate(across_, lambda, &upper, &scale);
    Eliminate(down_, lambda, &upper_down, &scale_down);
    cv::Mat turned;
    for (cv::Mat* plane : planes) {
      cv::transpose(*plane, turned);
      Substitute(across_, lambda, upper, scale, &turned);
      cv::transpose(turned, *plane);
      Substitute(down_, lambda, upper_down, scale_down, plane);
    }
  }
}

}  // namespace stereofarm
