#include "models/inpaint/disparity_motion.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/random.h"

namespace stereofarm {
namespace {

constexpr int kUnknowns = 15;  // the matrix without its middle, which is 1
constexpr size_t kFewestPairs = 12;
constexpr int kSamples = 80;            // for the consensus
constexpr int kSampleSize = 8;          // five would do, were there no noise
constexpr size_t kJudges = 400;         // pairs that rate a sample
constexpr int kRefinements = 10;        // of the least squares
constexpr double kTypicalEntry = 0.05;  // of the matrix less the identity, in units of Units
// How much larger the identity's median residual may be to be taken for the motion, and pixels at
// a width of 960 that noise may add to it.
constexpr double kIdentityFactor = 1.15;
constexpr double kIdentityNoise = 0.03;

// Brings pixels to about 1.
struct Units {
  double cx, cy, length, displacement;
  SeenPoint In(const SeenPoint& p) const {
    return {(p.x - cx) / length, (p.y - cy) / length, p.d / displacement};
  }
};

// Entries that a point's equation for x, y or d has, in the order of the unknowns: the rows of the
// matrix, the third without its 1.
constexpr std::array<std::array<int, 7>, 3> kEntries = {
    {{0, 1, 2, 3, 8, 9, 10}, {4, 5, 6, 7, 8, 9, 10}, {11, 12, 13, 14, 8, 9, 10}}};

using Unknowns = std::array<double, kUnknowns>;  // less the identity

struct Moved {
  double x, y, d, w;
};

Moved Move(const Unknowns& u, const SeenPoint& p) {
  const double w = 1 + u[8] * p.x + u[9] * p.y + u[10] * p.d;
  const double scale = w > 0.05 ? 1 / w : std::numeric_limits<double>::quiet_NaN();
  return {.x = (p.x + u[0] * p.x + u[1] * p.y + u[2] + u[3] * p.d) * scale,
          .y = (p.y + u[4] * p.x + u[5] * p.y + u[6] + u[7] * p.d) * scale,
          .d = (p.d + u[11] * p.x + u[12] * p.y + u[13] + u[14] * p.d) * scale,
          .w = w};
}

// Normal equations of least squares, held to zero.
class Solver {
 public:
  explicit Solver(double hold) {
    for (int i = 0; i < kUnknowns; ++i) a_[i][i] = hold;
  }

  void Add(const PointPair& pair, double place_weight, double depth_weight) {
    const SeenPoint &p = pair.from, &q = pair.to;
    AddEquation(kEntries[0], p, q.x, q.x - p.x, place_weight);
    AddEquation(kEntries[1], p, q.y, q.y - p.y, place_weight);
    AddEquation(kEntries[2], p, q.d, q.d - p.d, depth_weight);
  }

  // By Cholesky's decomposition.
  Unknowns Solve() {
    Unknowns x;
    for (int i = 0; i < kUnknowns; ++i) {
      for (int j = 0; j <= i; ++j) {
        double sum = a_[i][j];
        for (int k = 0; k < j; ++k) sum -= a_[i][k] * a_[j][k];
        a_[i][j] = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / a_[j][j];
      }
      double sum = b_[static_cast<size_t>(i)];
      for (int k = 0; k < i; ++k) sum -= a_[i][k] * x[static_cast<size_t>(k)];
      x[static_cast<size_t>(i)] = sum / a_[i][i];
    }
    for (int i = kUnknowns - 1; i >= 0; --i) {
      double sum = x[static_cast<size_t>(i)];
      for (int k = i + 1; k < kUnknowns; ++k) sum -= a_[k][i] * x[static_cast<size_t>(k)];
      x[static_cast<size_t>(i)] = sum / a_[i][i];
    }
    return x;
  }

 private:
  // entry . (p, 1) - target * (u8 x + u9 y + u10 d) = right
  void AddEquation(const std::array<int, 7>& entries, const SeenPoint& p, double target,
                   double right, double weight) {
    const double c[7] = {p.x, p.y, 1, p.d, -target * p.x, -target * p.y, -target * p.d};
    for (int i = 0; i < 7; ++i) {
      const int row = entries[static_cast<size_t>(i)];
      const double scaled = weight * c[i];
      b_[static_cast<size_t>(row)] += scaled * right;
      for (int j = 0; j < 7; ++j) {
        const int column = entries[static_cast<size_t>(j)];
        if (column <= row) a_[row][column] += scaled * c[j];
      }
    }
  }

  double a_[kUnknowns][kUnknowns] = {};  // lower triangle
  Unknowns b_ = {};
};

struct Residual {
  double place, depth;  // squared
};

Residual ResidualOf(const Unknowns& u, const PointPair& pair) {
  const Moved m = Move(u, pair.from);
  const double dx = m.x - pair.to.x, dy = m.y - pair.to.y, dd = m.d - pair.to.d;
  if (!(std::isfinite(dx) && std::isfinite(dy) && std::isfinite(dd))) return {1e30, 1e30};
  return {dx * dx + dy * dy, dd * dd};
}

// Square root of the median.
double RootMedian(std::vector<double>& squares) {
  if (squares.empty()) return 0;
  const auto middle = squares.begin() + static_cast<ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return std::sqrt(*middle);
}

double MedianPlace(const Unknowns& u, const std::vector<PointPair>& pairs, double limit) {
  std::vector<double> squares;
  for (const PointPair& pair : pairs) {
    const double square = ResidualOf(u, pair).place;
    if (square < limit * limit) squares.push_back(square);
  }
  return RootMedian(squares);
}

// The best of small samples: least sum of residuals, each cut off at `scale`.
Unknowns FindConsensus(const std::vector<PointPair>& pairs, double scale, double depth_share) {
  const size_t step = std::max<size_t>(1, pairs.size() / kJudges);
  const auto cost = [&](const Unknowns& u) {
    double sum = 0;
    for (size_t i = 0; i < pairs.size(); i += step) {
      const Residual r = ResidualOf(u, pairs[i]);
      sum += std::min(1.0, (r.place + depth_share * r.depth) / (scale * scale));
    }
    return sum;
  };
  const double hold = std::pow(scale / kTypicalEntry, 2);
  Unknowns best = {};  // the identity
  double least = cost(best);
  const auto random = SeededRandom(1);
  for (int i = 0; i < kSamples; ++i) {
    Solver solver(hold);
    for (int k = 0; k < kSampleSize; ++k) {
      solver.Add(pairs[static_cast<size_t>(random->Next() % pairs.size())], 1, depth_share);
    }
    const Unknowns u = solver.Solve();
    const double c = cost(u);
    if (c < least) {
      least = c;
      best = u;
    }
  }
  return best;
}

DisparityMotion InPixels(const Unknowns& u, const Units& units) {
  std::array<double, 16> m = {1 + u[0], u[1], u[2], u[3],  u[4],  1 + u[5], u[6],  u[7],
                              u[8],     u[9], 1,    u[10], u[11], u[12],    u[13], 1 + u[14]};
  const std::array<double, 16> in = {1 / units.length,
                                     0,
                                     -units.cx / units.length,
                                     0,
                                     0,
                                     1 / units.length,
                                     -units.cy / units.length,
                                     0,
                                     0,
                                     0,
                                     1,
                                     0,
                                     0,
                                     0,
                                     0,
                                     1 / units.displacement};
  const std::array<double, 16> out = {
      units.length,      0, units.cx, 0, 0, units.length, units.cy, 0, 0, 0, 1, 0, 0, 0, 0,
      units.displacement};
  return DisparityMotion(in).Then(DisparityMotion(m)).Then(DisparityMotion(out));
}

}  // namespace

SeenPoint DisparityMotion::Apply(const SeenPoint& p) const {
  const double w = m_[8] * p.x + m_[9] * p.y + m_[10] + m_[11] * p.d;
  const double scale = w > 0 ? 1 / w : std::numeric_limits<double>::quiet_NaN();
  return {(m_[0] * p.x + m_[1] * p.y + m_[2] + m_[3] * p.d) * scale,
          (m_[4] * p.x + m_[5] * p.y + m_[6] + m_[7] * p.d) * scale,
          (m_[12] * p.x + m_[13] * p.y + m_[14] + m_[15] * p.d) * scale};
}

DisparityMotion DisparityMotion::Then(const DisparityMotion& next) const {
  std::array<double, 16> product = {};
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      for (size_t k = 0; k < 4; ++k) product[4 * i + j] += next.m_[4 * i + k] * m_[4 * k + j];
    }
  }
  return DisparityMotion(product);
}

DisparityMotion DisparityMotion::Inverse() const {
  // Gauss and Jordan with the largest pivot of each column.
  std::array<double, 16> a = m_;
  std::array<double, 16> b = DisparityMotion().m_;
  for (size_t column = 0; column < 4; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < 4; ++row) {
      if (std::abs(a[4 * row + column]) > std::abs(a[4 * pivot + column])) pivot = row;
    }
    for (size_t k = 0; k < 4; ++k) {
      std::swap(a[4 * pivot + k], a[4 * column + k]);
      std::swap(b[4 * pivot + k], b[4 * column + k]);
    }
    const double scale = 1 / a[4 * column + column];
    for (size_t k = 0; k < 4; ++k) {
      a[4 * column + k] *= scale;
      b[4 * column + k] *= scale;
    }
    for (size_t row = 0; row < 4; ++row) {
      if (row == column) continue;
      const double factor = a[4 * row + column];
      for (size_t k = 0; k < 4; ++k) {
        a[4 * row + k] -= factor * a[4 * column + k];
        b[4 * row + k] -= factor * b[4 * column + k];
      }
    }
  }
  return DisparityMotion(b);
}

MotionFit FitDisparityMotion(const std::vector<PointPair>& pairs, int width, int height) {
  MotionFit fit;
  if (pairs.size() < kFewestPairs) return fit;
  const Units units{
      .cx = width / 2.0, .cy = height / 2.0, .length = width / 2.0, .displacement = 0.02 * width};
  std::vector<PointPair> in;
  in.reserve(pairs.size());
  for (const PointPair& pair : pairs) in.push_back({units.In(pair.from), units.In(pair.to)});
  const double pixel = 2.0 / 960;  // a pixel at 960 in units of length
  const double agreeing = kAgreeingPx * pixel;
  // A pixel of displacement counts like a pixel of place, as long as nobody knows better.
  double depth_share = std::pow(units.displacement / units.length, 2);

  Unknowns u = FindConsensus(in, agreeing, depth_share);
  std::vector<double> place, depth;
  for (int i = 0; i < kRefinements; ++i) {
    place.clear();
    depth.clear();
    for (const PointPair& pair : in) {
      const Residual r = ResidualOf(u, pair);
      if (r.place > 4 * agreeing * agreeing) continue;
      place.push_back(r.place);
      depth.push_back(r.depth);
    }
    const double scale = std::clamp(2.0 * RootMedian(place), 0.1 * pixel, agreeing);
    const double depth_scale =
        std::max(2.0 * RootMedian(depth), 0.1 * pixel * units.length / units.displacement);
    depth_share = std::pow(scale / depth_scale, 2);
    Solver solver(std::pow(scale / kTypicalEntry, 2));
    for (const PointPair& pair : in) {
      const Residual r = ResidualOf(u, pair);
      const double w = Move(u, pair.from).w;
      const double fall = 1 + (r.place + depth_share * r.depth) / (scale * scale);
      const double weight = 1 / (fall * fall * w * w);
      if (weight > 1e-6) solver.Add(pair, weight, weight * depth_share);
    }
    u = solver.Solve();
  }
  const double best = MedianPlace(u, in, agreeing);
  const double still = MedianPlace({}, in, agreeing);
  size_t count = 0, still_count = 0;
  for (const PointPair& pair : in) {
    count += ResidualOf(u, pair).place < agreeing * agreeing;
    still_count += ResidualOf({}, pair).place < agreeing * agreeing;
  }
  if (still_count + in.size() / 50 >= count &&
      still <= kIdentityFactor * best + kIdentityNoise * pixel) {
    u = {};
    count = still_count;
  }
  fit.motion = InPixels(u, units);
  fit.agreeing = static_cast<double>(count) / static_cast<double>(in.size());
  fit.residual_px = MedianPlace(u, in, agreeing) * units.length;
  return fit;
}

}  // namespace stereofarm
