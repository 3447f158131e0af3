#include "models/depth/parallax_triangulation.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stereofarm {
namespace {

constexpr size_t kFewestRatios = 50;

float MedianOf(std::vector<float>* values) {
  const auto middle = values->begin() + static_cast<ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

}  // namespace

MeasuredDepth Triangulate(const cv::Mat& flow, const cv::Mat& error, const PairPose& pose) {
  const int w = flow.cols, h = flow.rows;
  const float unit = static_cast<float>(w) / 480.0f;
  const float focal = static_cast<float>(kFocalInWidths * w);
  const float to_normal = 1 / focal;
  const cv::Matx33f r = pose.rotation;
  const float tx = static_cast<float>(pose.translation[0]);
  const float ty = static_cast<float>(pose.translation[1]);
  const float tz = static_cast<float>(pose.translation[2]);
  const float own_noise = 0.15f * unit * 0.15f * unit;
  MeasuredDepth out{cv::Mat(h, w, CV_32F), cv::Mat(h, w, CV_32F), cv::Mat(h, w, CV_32F)};
  for (int y = 0; y < h; ++y) {
    const float* f = flow.ptr<float>(y);
    const float* fb = error.ptr<float>(y);
    float* rho = out.rho.ptr<float>(y);
    float* weight = out.weight.ptr<float>(y);
    float* own = out.own.ptr<float>(y);
    const float ny = (static_cast<float>(y) - 0.5f * static_cast<float>(h - 1)) * to_normal;
    const float half = 0.5f * static_cast<float>(w - 1);
    for (int x = 0; x < w; ++x) {
      const float nx = (static_cast<float>(x) - half) * to_normal;
      const float u = f[2 * x], v = f[2 * x + 1];
      const float px = nx + u * to_normal, py = ny + v * to_normal;
      const float iz = 1 / (r(0, 2) * px + r(1, 2) * py + r(2, 2));
      const float qx = (r(0, 0) * px + r(1, 0) * py + r(2, 0)) * iz;
      const float qy = (r(0, 1) * px + r(1, 1) * py + r(2, 1)) * iz;
      const float dx = qx - nx, dy = qy - ny;
      const float ex = tx - qx * tz, ey = ty - qy * tz;
      const float ee = ex * ex + ey * ey + 1e-8f;
      const float along = (dx * ex + dy * ey) / ee;
      const float cross = (dx * ey - dy * ex) * focal;
      const float line = cross * cross / ee;  // squared pixels off the epipolar line
      const float noise = own_noise + 0.25f * fb[x] * fb[x] + 0.49f * line;
      float value = focal * focal * ee / noise;
      value *= along < 0 ? 0.1f : 1.0f;
      const float length = std::sqrt(u * u + v * v);
      value *= fb[x] > 1.5f * unit + 0.05f * length ? 0.05f : 1.0f;
      value = fb[x] < FlowPair::kLeftPicture ? value : 0.0f;
      const float behind = std::min(along, 0.0f);
      const float odd = std::sqrt(line + behind * behind * ee * focal * focal) / unit;
      rho[x] = along;
      weight[x] = value;
      own[x] = fb[x] > unit + 0.1f * length ? 0.0f : odd;
    }
  }
  return out;
}

float Quantile(const cv::Mat& plane, double share, int stride, const cv::Mat& mask) {
  std::vector<float> values;
  values.reserve(static_cast<size_t>((plane.rows / stride + 1) * (plane.cols / stride + 1)));
  for (int y = 0; y < plane.rows; y += stride) {
    const float* p = plane.ptr<float>(y);
    const float* m = mask.empty() ? nullptr : mask.ptr<float>(y);
    for (int x = 0; x < plane.cols; x += stride) {
      if (m == nullptr || m[x] > 0) values.push_back(p[x]);
    }
  }
  if (values.empty()) return 0;
  const auto at =
      values.begin() + std::min(static_cast<ptrdiff_t>(values.size()) - 1,
                                static_cast<ptrdiff_t>(share * static_cast<double>(values.size())));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::optional<MeasuredDepth> Fuse(const MeasuredDepth& first, const MeasuredDepth& second) {
  const float first_good = Quantile(first.weight, 0.6);
  const float second_good = Quantile(second.weight, 0.6);
  std::vector<float> ratios;
  for (int y = 0; y < first.rho.rows; y += 2) {
    const float* a = first.rho.ptr<float>(y);
    const float* b = second.rho.ptr<float>(y);
    const float* wa = first.weight.ptr<float>(y);
    const float* wb = second.weight.ptr<float>(y);
    for (int x = 0; x < first.rho.cols; x += 2) {
      if (wa[x] > first_good && wb[x] > second_good && a[x] > 0 && b[x] > 0) {
        ratios.push_back(a[x] / b[x]);
      }
    }
  }
  if (ratios.size() < kFewestRatios) return std::nullopt;
  const float ratio = MedianOf(&ratios);
  const cv::Size size = first.rho.size();
  MeasuredDepth out{cv::Mat(size, CV_32F), cv::Mat(size, CV_32F), cv::Mat()};
  // What one side alone finds is hidden from the other.
  cv::min(first.own, second.own, out.own);
  for (int y = 0; y < first.rho.rows; ++y) {
    const float* a = first.rho.ptr<float>(y);
    const float* b = second.rho.ptr<float>(y);
    const float* wa = first.weight.ptr<float>(y);
    const float* wb = second.weight.ptr<float>(y);
    float* rho = out.rho.ptr<float>(y);
    float* weight = out.weight.ptr<float>(y);
    for (int x = 0; x < first.rho.cols; ++x) {
      const float p = a[x], q = b[x] * ratio;
      const float wp = wa[x], wq = wb[x] / (ratio * ratio);
      float up = wp, uq = wq;
      float mean = 0;
      for (int round = 0; round < 3; ++round) {
        mean = (p * up + q * uq) / (up + uq + 1e-12f);
        if (round == 2) break;
        up = wp / (1 + (p - mean) * (p - mean) * wp * 0.25f);
        uq = wq / (1 + (q - mean) * (q - mean) * wq * 0.25f);
      }
      rho[x] = mean;
      weight[x] = up + uq;
    }
  }
  return out;
}

}  // namespace stereofarm
