#include "models/depth/parallax_ground.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace stereofarm {
namespace {

constexpr int kTries = 600;
constexpr int kGrid = 8;             // pixels between samples
constexpr double kClampBelow = 0.8;  // of the ground's inverse depth

struct Sample {
  double x, y, rho;
};

// SplitMix64: the same tries for every frame.
class FixedSequence {
 public:
  size_t Below(size_t limit) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<size_t>((z ^ (z >> 31)) % limit);
  }

 private:
  uint64_t state_ = 1;
};

std::optional<GroundPlane> Through(const Sample& a, const Sample& b, const Sample& c) {
  const double x1 = b.x - a.x, y1 = b.y - a.y, x2 = c.x - a.x, y2 = c.y - a.y;
  const double det = x1 * y2 - x2 * y1;
  if (std::abs(det) < 1) return std::nullopt;
  GroundPlane plane;
  plane.by_x = ((b.rho - a.rho) * y2 - (c.rho - a.rho) * y1) / det;
  plane.by_y = (x1 * (c.rho - a.rho) - x2 * (b.rho - a.rho)) / det;
  plane.offset = a.rho - plane.by_x * a.x - plane.by_y * a.y;
  return plane;
}

bool Lies(const GroundPlane& plane) {
  return plane.by_y > 0 && std::abs(plane.by_x) < 0.5 * plane.by_y;
}

bool HorizonFits(const GroundPlane& plane, int width, int height) {
  const double horizon = -(plane.offset + plane.by_x * 0.5 * width) / plane.by_y;
  return horizon > 0.10 * height && horizon < 0.65 * height;
}

}  // namespace

std::optional<GroundPlane> FindGround(const MeasuredDepth& depth) {
  const int w = depth.rho.cols, h = depth.rho.rows;
  const float weakest = Quantile(depth.weight, 0.3);
  std::vector<Sample> samples;
  for (int y = h * 6 / 10; y < h; y += kGrid) {
    for (int x = kGrid / 2; x < w; x += kGrid) {
      const float rho = depth.rho.at<float>(y, x), weight = depth.weight.at<float>(y, x);
      if (rho > 0 && weight > 0 && weight >= weakest) {
        samples.push_back({static_cast<double>(x), static_cast<double>(y), rho});
      }
    }
  }
  if (samples.size() < 30) return std::nullopt;
  cv::Mat lower = depth.rho.rowRange(h * 6 / 10, h);
  const double tolerance = 0.06 * Quantile(lower, 0.5, 4);
  FixedSequence sequence;
  GroundPlane best;
  size_t most = 0;
  for (int i = 0; i < kTries; ++i) {
    const auto plane =
        Through(samples[sequence.Below(samples.size())], samples[sequence.Below(samples.size())],
                samples[sequence.Below(samples.size())]);
    if (!plane || !Lies(*plane) || !HorizonFits(*plane, w, h)) continue;
    size_t count = 0;
    for (const Sample& s : samples) count += std::abs(plane->At(s.x, s.y) - s.rho) < tolerance;
    if (count > most) {
      most = count;
      best = *plane;
    }
  }
  if (most * 5 < samples.size()) return std::nullopt;
  for (int round = 0; round < 2; ++round) {
    cv::Matx33d normal = cv::Matx33d::zeros();
    cv::Vec3d right(0, 0, 0);
    for (const Sample& s : samples) {
      if (std::abs(best.At(s.x, s.y) - s.rho) >= tolerance) continue;
      const cv::Vec3d row(s.y, s.x, 1);
      normal += row * row.t();
      right += row * s.rho;
    }
    const cv::Vec3d fit = normal.solve(right, cv::DECOMP_SVD);
    best = {fit[0], fit[1], fit[2]};
  }
  if (!Lies(best) || !HorizonFits(best, w, h)) return std::nullopt;
  int below = 0, all = 0;
  for (int y = 0; y < h; y += 4) {
    for (int x = 0; x < w; x += 4, ++all) {
      below += depth.rho.at<float>(y, x) < kClampBelow * best.At(x, y);
    }
  }
  if (below * 5 > all) return std::nullopt;
  return best;
}

void ClampToGround(const GroundPlane& ground, cv::Mat* rho) {
  for (int y = 0; y < rho->rows; ++y) {
    float* row = rho->ptr<float>(y);
    for (int x = 0; x < rho->cols; ++x) {
      const float floor = static_cast<float>(ground.At(x, y));
      if (row[x] < static_cast<float>(kClampBelow) * floor) row[x] = floor;
    }
  }
}

}  // namespace stereofarm
