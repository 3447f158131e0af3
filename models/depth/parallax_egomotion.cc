#include "models/depth/parallax_egomotion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace stereofarm {
namespace {

constexpr int kGridColumns = 48;
constexpr size_t kFewestSamples = 40;
constexpr double kOtherScene = 0.3;  // likeness below which the flow means nothing

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// 0 at `zero`, 1 at `one`, linear between.
double Ramp(double value, double zero, double one) {
  return std::clamp((value - zero) / (one - zero), 0.0, 1.0);
}

cv::Vec2d Project(const cv::Matx33d& h, double x, double y) {
  const double w = h(2, 0) * x + h(2, 1) * y + h(2, 2);
  const double safe = std::abs(w) < 1e-6 ? 1e-6 : w;
  return {(h(0, 0) * x + h(0, 1) * y + h(0, 2)) / safe,
          (h(1, 0) * x + h(1, 1) * y + h(1, 2)) / safe};
}

// One sample's place relative to its epipolar line.
struct Epipolar {
  cv::Vec2d target;   // second point, turned back by the rotation, normalised
  cv::Vec2d travel;   // target - first point
  cv::Vec2d line;     // direction of the epipolar line, not normalised
  double length = 0;  // of `line`
  double distance = 0;
};

Epipolar Place(const FlowSample& s, const PairPose& pose, double focal) {
  const cv::Matx33d& r = pose.rotation;
  const double px = s.tx / focal, py = s.ty / focal;
  const double z = r(0, 2) * px + r(1, 2) * py + r(2, 2);
  Epipolar e;
  e.target = {(r(0, 0) * px + r(1, 0) * py + r(2, 0)) / z,
              (r(0, 1) * px + r(1, 1) * py + r(2, 1)) / z};
  e.travel = e.target - cv::Vec2d(s.x / focal, s.y / focal);
  const cv::Vec3d& t = pose.translation;
  e.line = {t[0] - e.target[0] * t[2], t[1] - e.target[1] * t[2]};
  e.length = std::max(std::sqrt(e.line.dot(e.line)), 1e-9);
  e.distance = (e.travel[0] * e.line[1] - e.travel[1] * e.line[0]) / e.length;
  return e;
}

double InverseDepth(const Epipolar& e) { return e.travel.dot(e.line) / (e.length * e.length); }

double SoftL1(double r, double scale) {
  return 2 * scale * scale * (std::sqrt(1 + (r / scale) * (r / scale)) - 1);
}

double Cost(const std::vector<FlowSample>& samples, size_t step, const PairPose& pose, double focal,
            double scale) {
  double sum = 0;
  for (size_t i = 0; i < samples.size(); i += step) {
    sum += SoftL1(focal * Place(samples[i], pose, focal).distance, scale);
  }
  return sum;
}

// Two directions across `t`.
std::array<cv::Vec3d, 2> Tangents(const cv::Vec3d& t) {
  const cv::Vec3d other = std::abs(t[2]) < 0.8 ? cv::Vec3d(0, 0, 1) : cv::Vec3d(1, 0, 0);
  cv::Vec3d u = t.cross(other);
  u /= cv::norm(u);
  return {u, t.cross(u)};
}

cv::Matx33d RotationOf(const cv::Vec3d& v) {
  const double angle = cv::norm(v);
  if (angle < 1e-12) return cv::Matx33d::eye();
  const cv::Vec3d k = v / angle;
  const cv::Matx33d cross(0, -k[2], k[1], k[2], 0, -k[0], -k[1], k[0], 0);
  return cv::Matx33d::eye() + cross * std::sin(angle) + cross * cross * (1 - std::cos(angle));
}

using Gradient = cv::Vec<double, 5>;

// Derivatives of the distance (normalised units) by a small turn (R <- R exp[d]) and by steps of T.
Gradient Derivatives(const Epipolar& e, const PairPose& pose,
                     const std::array<cv::Vec3d, 2>& tangents) {
  const double x = e.target[0], y = e.target[1], tz = pose.translation[2];
  const double dtarget[3][2] = {{x * y, 1 + y * y}, {-(1 + x * x), -x * y}, {y, -x}};
  Gradient g;
  const auto set = [&](int i, double dx, double dy, double lx, double ly) {
    const double dcross = dx * e.line[1] - dy * e.line[0] + e.travel[0] * ly - e.travel[1] * lx;
    g[i] =
        dcross / e.length - e.distance * (e.line[0] * lx + e.line[1] * ly) / (e.length * e.length);
  };
  for (int i = 0; i < 3; ++i) {
    set(i, dtarget[i][0], dtarget[i][1], -dtarget[i][0] * tz, -dtarget[i][1] * tz);
  }
  for (int i = 0; i < 2; ++i) {
    const cv::Vec3d& d = tangents[static_cast<size_t>(i)];
    set(3 + i, 0, 0, d[0] - x * d[2], d[1] - y * d[2]);
  }
  return g;
}

PairPose Moved(const PairPose& pose, const std::array<cv::Vec3d, 2>& tangents,
               const Gradient& step) {
  PairPose out;
  out.rotation = pose.rotation * RotationOf({step[0], step[1], step[2]});
  out.translation = pose.translation + tangents[0] * step[3] + tangents[1] * step[4];
  out.translation /= cv::norm(out.translation);
  return out;
}

// Levenberg-Marquardt on every `step`-th sample. Returns the cost.
double Refine(const std::vector<FlowSample>& samples, size_t step, double focal, double scale,
              int rounds, PairPose* pose) {
  double cost = Cost(samples, step, *pose, focal, scale);
  double damping = 1e-3;
  for (int round = 0; round < rounds; ++round) {
    const auto tangents = Tangents(pose->translation);
    cv::Matx<double, 5, 5> normal = cv::Matx<double, 5, 5>::zeros();
    Gradient right = Gradient::all(0);
    for (size_t i = 0; i < samples.size(); i += step) {
      const Epipolar e = Place(samples[i], *pose, focal);
      const double r = focal * e.distance;
      const double w = 1 / std::sqrt(1 + (r / scale) * (r / scale));
      const Gradient g = Derivatives(e, *pose, tangents) * focal;
      for (int a = 0; a < 5; ++a) {
        for (int b = a; b < 5; ++b) normal(a, b) += w * g[a] * g[b];
        right[a] -= w * g[a] * r;
      }
    }
    for (int a = 0; a < 5; ++a) {
      for (int b = 0; b < a; ++b) normal(a, b) = normal(b, a);
    }
    bool better = false;
    double gain = 0;
    for (int attempt = 0; attempt < 4 && !better; ++attempt) {
      cv::Matx<double, 5, 5> damped = normal;
      for (int a = 0; a < 5; ++a) damped(a, a) += damping * normal(a, a) + 1e-9;
      const Gradient delta = damped.solve(right, cv::DECOMP_CHOLESKY);
      const PairPose candidate = Moved(*pose, tangents, delta);
      const double next = Cost(samples, step, candidate, focal, scale);
      if (next < cost) {
        gain = (cost - next) / cost;
        *pose = candidate;
        cost = next;
        damping = std::max(damping / 10, 1e-9);
        better = true;
      } else {
        damping *= 10;
      }
    }
    if (!better || gain < 1e-5) break;
  }
  return cost;
}

}  // namespace

std::vector<FlowSample> SampleFlow(const FlowPair& flow, double* survivors) {
  const int w = flow.forward.cols, h = flow.forward.rows;
  const double unit = w / 480.0;
  const int columns = std::min(kGridColumns, w);
  const int rows = std::clamp(static_cast<int>(std::lround(columns * static_cast<double>(h) / w)),
                              1, std::min(h, 2 * kGridColumns));
  std::vector<FlowSample> samples;
  samples.reserve(static_cast<size_t>(columns * rows));
  for (int j = 0; j < rows; ++j) {
    const int y = (2 * j + 1) * h / (2 * rows);
    for (int i = 0; i < columns; ++i) {
      const int x = (2 * i + 1) * w / (2 * columns);
      const cv::Vec2f& f = flow.forward.at<cv::Vec2f>(y, x);
      const double length = std::hypot(f[0], f[1]);
      if (!(flow.forward_error.at<float>(y, x) < 0.5 * unit + 0.02 * length)) continue;
      FlowSample s;
      s.x = x - 0.5 * (w - 1);
      s.y = y - 0.5 * (h - 1);
      s.tx = s.x + f[0];
      s.ty = s.y + f[1];
      samples.push_back(s);
    }
  }
  *survivors = static_cast<double>(samples.size()) / (columns * rows);
  return samples;
}

cv::Matx33d FitHomography(const std::vector<FlowSample>& samples, double scale_px) {
  cv::Matx33d h = cv::Matx33d::eye();
  if (samples.size() < 8) return h;
  // Coordinates about 1, so that the equations are well conditioned.
  double extent = 1;
  for (const FlowSample& s : samples) extent = std::max({extent, std::abs(s.x), std::abs(s.y)});
  std::vector<double> weight(samples.size(), 1.0);
  double scale = 0;
  for (int round = 0; round < 12; ++round) {
    cv::Matx<double, 8, 8> normal = cv::Matx<double, 8, 8>::zeros();
    cv::Vec<double, 8> right = cv::Vec<double, 8>::all(0);
    for (size_t i = 0; i < samples.size(); ++i) {
      const double x = samples[i].x / extent, y = samples[i].y / extent;
      const double u = samples[i].tx / extent, v = samples[i].ty / extent;
      const double row[2][8] = {{x, y, 1, 0, 0, 0, -x * u, -y * u},
                                {0, 0, 0, x, y, 1, -x * v, -y * v}};
      const double target[2] = {u, v};
      for (int k = 0; k < 2; ++k) {
        for (int a = 0; a < 8; ++a) {
          if (row[k][a] == 0) continue;
          const double wa = weight[i] * row[k][a];
          for (int b = a; b < 8; ++b) normal(a, b) += wa * row[k][b];
          right[a] += wa * target[k];
        }
      }
    }
    for (int a = 0; a < 8; ++a) {
      for (int b = 0; b < a; ++b) normal(a, b) = normal(b, a);
      normal(a, a) += 1e-9;
    }
    const cv::Vec<double, 8> p = normal.solve(right, cv::DECOMP_CHOLESKY);
    const cv::Matx33d fit(p[0], p[1], p[2] * extent, p[3], p[4], p[5] * extent, p[6] / extent,
                          p[7] / extent, 1);
    std::vector<double> residual(samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      residual[i] = cv::norm(Project(fit, samples[i].x, samples[i].y) -
                             cv::Vec2d(samples[i].tx, samples[i].ty));
    }
    h = fit;
    // Geman-McClure weights; the scale shrinks, so that the larger part of the samples wins.
    scale = round == 0 ? 3 * Median(residual) : scale * 0.6;
    const double s = std::max(scale, scale_px);
    for (size_t i = 0; i < samples.size(); ++i) {
      const double q = 1 + residual[i] * residual[i] / (s * s);
      weight[i] = 1 / (q * q);
    }
  }
  return h;
}

PairPose FitPose(const std::vector<FlowSample>& samples, double focal_px, double scale_px) {
  // Travel along the axis has its vanishing point in the picture, and a minimum for every place
  // that the first guess is far from: more starts there.
  static const cv::Vec3d kStarts[] = {{0, 0, 1},     {1, 0, 0},    {0, 1, 0},
                                      {1, 0, 1},     {-1, 0, 1},   {0.35, 0, 1},
                                      {-0.35, 0, 1}, {0, 0.35, 1}, {0, -0.35, 1}};
  const size_t step = std::max<size_t>(1, samples.size() / 250);
  std::vector<std::pair<double, PairPose>> found;
  for (const cv::Vec3d& start : kStarts) {
    PairPose pose;
    pose.translation = start / cv::norm(start);
    const double cost = Refine(samples, step, focal_px, scale_px, 8, &pose);
    found.emplace_back(cost, pose);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // The best ones on all samples.
  PairPose best;
  double best_cost = -1;
  for (size_t i = 0; i < 2; ++i) {
    PairPose pose = found[i].second;
    const double cost = Refine(samples, 1, focal_px, scale_px, 15, &pose);
    if (best_cost < 0 || cost < best_cost) {
      best = pose;
      best_cost = cost;
    }
  }
  double sign = 0;
  for (const FlowSample& s : samples) {
    const double rho = InverseDepth(Place(s, best, focal_px));
    sign += std::copysign(std::sqrt(std::abs(rho)), rho);
  }
  if (sign < 0) best.translation = -best.translation;
  return best;
}

PairMotion MeasureMotion(const FlowPair& flow) {
  PairMotion m;
  m.homography = cv::Matx33d::eye();
  const double unit = flow.forward.cols / 480.0;
  const double focal = kFocalInWidths * flow.forward.cols;
  const std::vector<FlowSample> samples = SampleFlow(flow, &m.survivors);
  if (samples.size() < kFewestSamples || flow.likeness < kOtherScene) {
    m.survivors = 0;
    return m;
  }
  m.homography = FitHomography(samples, unit);
  std::vector<double> residual(samples.size());
  size_t near = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const cv::Vec2d p = Project(m.homography, samples[i].x, samples[i].y);
    residual[i] = cv::norm(p - cv::Vec2d(samples[i].tx, samples[i].ty)) / unit;
    if (residual[i] < 0.5) ++near;
  }
  m.homography_residual = Median(residual);
  m.homography_share = static_cast<double>(near) / static_cast<double>(samples.size());
  m.pose = FitPose(samples, focal, 0.3 * unit);
  std::vector<double> motion(samples.size());
  size_t positive = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const Epipolar e = Place(samples[i], m.pose, focal);
    residual[i] = std::abs(e.distance) * focal / unit;
    motion[i] = cv::norm(e.travel) * focal / unit;
    if (InverseDepth(e) * e.length * focal / unit > -0.3) ++positive;
  }
  m.epipolar_residual = Median(residual);
  m.motion = Median(motion);
  m.positive_share = static_cast<double>(positive) / static_cast<double>(samples.size());
  if (m.survivors >= 0.5) {
    m.trust = Ramp(m.homography_share, 0.75, 0.55) *
              Ramp(m.epipolar_residual / std::max(m.homography_residual, 1e-6), 0.45, 0.28) *
              Ramp(m.homography_residual, 0.2, 0.35) * Ramp(m.positive_share, 0.75, 0.9);
  }
  return m;
}

}  // namespace stereofarm
