#include "coordinator/planning/thumbnail.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace stereofarm {
namespace {

constexpr int kShiftX = 3;
constexpr int kShiftY = 2;
// Variance of a thumbnail's cells, in squared code values of 0..255, that counts as no structure.
constexpr double kFlatVariance = 1.0;

double ChromaDifference(const CutFeatures& a, const CutFeatures& b) {
  int sum = 0;
  for (size_t i = 0; i < a.chroma.size(); ++i) sum += std::abs(a.chroma[i] - b.chroma[i]);
  return sum / 127.0 / static_cast<double>(a.chroma.size());
}

struct Overlap {
  int n = 0;
  int a = 0, b = 0, aa = 0, bb = 0, ab = 0, apart = 0;
};

Overlap SumOverlap(const CutFeatures& a, const CutFeatures& b, int dx, int dy) {
  Overlap s;
  for (int y = std::max(0, dy); y < kThumbHeight + std::min(0, dy); ++y) {
    for (int x = std::max(0, dx); x < kThumbWidth + std::min(0, dx); ++x) {
      const int va = a.luma[static_cast<size_t>(y * kThumbWidth + x)];
      const int vb = b.luma[static_cast<size_t>((y - dy) * kThumbWidth + x - dx)];
      ++s.n;
      s.a += va;
      s.b += vb;
      s.aa += va * va;
      s.bb += vb * vb;
      s.ab += va * vb;
      s.apart += std::abs(va - vb);
    }
  }
  return s;
}

double Correlation(const Overlap& s) {
  const double n = s.n;
  const double var_a = s.aa / n - s.a / n * (s.a / n);
  const double var_b = s.bb / n - s.b / n * (s.b / n);
  return (s.ab / n - s.a / n * (s.b / n)) /
         std::sqrt((var_a + kFlatVariance) * (var_b + kFlatVariance));
}

// Luma and chroma as one vector in which both weigh alike per picture area.
constexpr size_t kLuma = kThumbWidth * kThumbHeight;
constexpr size_t kVector = kLuma + 2 * kChromaWidth * kChromaHeight;

void ToVector(const CutFeatures& f, std::vector<double>* out) {
  out->resize(kVector);
  for (size_t i = 0; i < kLuma; ++i) (*out)[i] = f.luma[i] / 255.0;
  for (size_t i = kLuma; i < kVector; ++i) (*out)[i] = (f.chroma[i - kLuma] - 128.0) / 127.0;
}

}  // namespace

ThumbnailMatch CompareThumbnails(const CutFeatures& a, const CutFeatures& b) {
  ThumbnailMatch best{.likeness = -1, .apart = 1};
  for (int dy = -kShiftY; dy <= kShiftY; ++dy) {
    for (int dx = -kShiftX; dx <= kShiftX; ++dx) {
      const Overlap s = SumOverlap(a, b, dx, dy);
      best.likeness = std::max(best.likeness, Correlation(s));
      best.apart = std::min(best.apart, s.apart / 255.0 / s.n);
    }
  }
  best.apart = (2 * best.apart + ChromaDifference(a, b)) / 2;
  return best;
}

double ThumbnailDifference(const CutFeatures& a, const CutFeatures& b) {
  const Overlap s = SumOverlap(a, b, 0, 0);
  return (2 * s.apart / 255.0 / s.n + ChromaDifference(a, b)) / 2;
}

Blend FitBlend(const CutFeatures& a, std::span<const CutFeatures* const> between,
               const CutFeatures& b) {
  std::vector<double> va, vb, vx;
  ToVector(a, &va);
  ToVector(b, &vb);
  double length = 0;
  for (size_t i = 0; i < kVector; ++i) {
    vb[i] -= va[i];
    length += vb[i] * vb[i];
  }
  Blend out;
  out.distance = std::sqrt(length / kVector);
  out.middle = static_cast<int>(between.size());
  if (length <= 0) return out;
  std::vector<double> residuals;
  double highest = 0;
  double before = 0;
  for (size_t t = 0; t < between.size(); ++t) {
    ToVector(*between[t], &vx);
    double along = 0;
    double squares = 0;
    for (size_t i = 0; i < kVector; ++i) {
      const double x = vx[i] - va[i];
      along += x * vb[i];
      squares += x * x;
    }
    const double m = along / length;
    residuals.push_back(std::sqrt(std::max(0.0, squares / length - m * m)));
    out.backwards = std::max(out.backwards, highest - m);
    out.largest_step = std::max(out.largest_step, m - before);
    highest = std::max(highest, m);
    before = m;
    if (m >= 0.5 && out.middle == static_cast<int>(between.size())) {
      out.middle = static_cast<int>(t);
    }
  }
  out.largest_step = std::max(out.largest_step, 1 - before);
  std::sort(residuals.rbegin(), residuals.rend());
  const size_t worst = (residuals.size() + 2) / 3;
  for (size_t i = 0; i < worst; ++i) out.residual += residuals[i] / static_cast<double>(worst);
  return out;
}

}  // namespace stereofarm
