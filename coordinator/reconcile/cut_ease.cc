#include "coordinator/reconcile/cut_ease.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace stereofarm {
namespace {

// A picture as flat as this has no depth to speak of.
constexpr double kFlattest = 0.01;
// What d beyond 0..1 may lie outside of the range: it's clipped softly, so that more looks alike.
constexpr double kBeyond = 1.0;
// A change of scale counts as much as a move of all parts by so much of it.
constexpr double kScaleCost = 4;
constexpr double kTiny = 1e-10;

// Unknowns: scale - 1 and shift of the picture before, the same of the one after.
constexpr size_t kUnknowns = 4;
using Vector = std::array<double, kUnknowns>;

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < kUnknowns; ++i) sum += a[i] * b[i];
  return sum;
}

// gradient . u <= limit
struct Limit {
  Vector gradient{};
  double limit = 0;
  Vector step{};  // what a multiplier of 1 moves the unknowns by
};

// The multipliers with which `chosen` limits are met exactly; none where they depend on each other.
std::optional<Vector> MultipliersOf(const std::vector<const Limit*>& chosen) {
  const size_t n = chosen.size();
  std::array<std::array<double, kUnknowns + 1>, kUnknowns> rows{};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) rows[i][j] = Dot(chosen[i]->gradient, chosen[j]->step);
    rows[i][n] = chosen[i]->limit;
  }
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; ++i) {
      if (std::abs(rows[i][k]) > std::abs(rows[pivot][k])) pivot = i;
    }
    if (std::abs(rows[pivot][k]) < kTiny) return std::nullopt;
    std::swap(rows[k], rows[pivot]);
    for (size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = rows[i][k] / rows[k][k];
      for (size_t j = k; j <= n; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  Vector multipliers{};
  for (size_t k = 0; k < n; ++k) multipliers[k] = rows[k][n] / rows[k][k];
  return multipliers;
}

// The unknowns where `chosen` limits are met, if it's they that decide.
std::optional<Vector> Solved(const std::vector<const Limit*>& chosen,
                             const std::vector<Limit>& limits) {
  const std::optional<Vector> multipliers = MultipliersOf(chosen);
  if (!multipliers) return std::nullopt;
  Vector u{};
  for (size_t k = 0; k < chosen.size(); ++k) {
    if ((*multipliers)[k] < -kTiny) return std::nullopt;
    for (size_t i = 0; i < kUnknowns; ++i) u[i] += (*multipliers)[k] * chosen[k]->step[i];
  }
  for (const Limit& limit : limits) {
    if (Dot(limit.gradient, u) > limit.limit + kTiny) return std::nullopt;
  }
  return u;
}

std::array<double, 3> PartsOf(const CutDepth& depth) {
  return {std::clamp(depth.far, -kBeyond, 1 + kBeyond),
          std::clamp(depth.middle, -kBeyond, 1 + kBeyond),
          std::clamp(depth.near, -kBeyond, 1 + kBeyond)};
}

// Of the cost of one picture's turn, the sum of its parts' squared moves and of kScaleCost times
// the squared change of scale: the inverse of the matrix, by rows.
std::array<double, 4> InverseCost(const std::array<double, 3>& parts) {
  double xx = kScaleCost, x = 0;
  for (const double part : parts) {
    xx += part * part;
    x += part;
  }
  const auto n = static_cast<double>(parts.size());
  const double determinant = xx * n - x * x;
  return {n / determinant, -x / determinant, -x / determinant, xx / determinant};
}

}  // namespace

double JumpOf(const CutDepth& before, const CutDepth& after) {
  return std::max({std::abs(before.far - after.far), std::abs(before.middle - after.middle),
                   std::abs(before.near - after.near)});
}

CutDepth Turned(const CutDepth& depth, const DepthEase& ease) {
  return {ease.scale * depth.far + ease.shift, ease.scale * depth.middle + ease.shift,
          ease.scale * depth.near + ease.shift};
}

// A quadratic program of four unknowns: at most four of its limits decide, and whichever those are,
// all limits hold there and none of the four pulls (Karush, Kuhn & Tucker; Nocedal & Wright,
// Numerical Optimization, 16). All sets of four and fewer are some hundreds.
CutEase EaseCut(const CutDepth& before, const CutDepth& after, double most) {
  if (JumpOf(before, after) <= most) return {};
  const std::array<double, 3> a = PartsOf(before);
  const std::array<double, 3> b = PartsOf(after);
  const std::array<std::array<double, 4>, 2> inverse = {InverseCost(a), InverseCost(b)};
  std::vector<Limit> limits;
  const auto add = [&](const Vector& gradient, double limit) {
    Limit added{gradient, limit, {}};
    for (size_t side = 0; side < 2; ++side) {
      const std::array<double, 4>& m = inverse[side];
      const double g0 = gradient[2 * side], g1 = gradient[2 * side + 1];
      added.step[2 * side] = -(m[0] * g0 + m[1] * g1);
      added.step[2 * side + 1] = -(m[2] * g0 + m[3] * g1);
    }
    limits.push_back(added);
  };
  for (size_t i = 0; i < a.size(); ++i) {
    add({a[i], 1, -b[i], -1}, most - a[i] + b[i]);
    add({-a[i], -1, b[i], 1}, most + a[i] - b[i]);
  }
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const std::array<double, 3>& parts = side == 0 ? a : b;
    const auto one = [side](double scale, double shift) {
      Vector gradient{};
      gradient[2 * side] = scale;
      gradient[2 * side + 1] = shift;
      return gradient;
    };
    add(one(1, 0), 0);
    add(one(-1, 0), 1 - kFlattest);
    add(one(parts[2], 1), std::max(parts[2], 1.0) - parts[2]);
    add(one(-parts[0], -1), parts[0] - std::min(parts[0], 0.0));
  }
  for (uint32_t set = 1; set < 1u << limits.size(); ++set) {
    if (std::popcount(set) > static_cast<int>(kUnknowns)) continue;
    std::vector<const Limit*> chosen;
    for (size_t i = 0; i < limits.size(); ++i) {
      if (set >> i & 1) chosen.push_back(&limits[i]);
    }
    const std::optional<Vector> u = Solved(chosen, limits);
    if (!u) continue;
    return {{std::min(1.0, 1 + (*u)[0]), (*u)[1]}, {std::min(1.0, 1 + (*u)[2]), (*u)[3]}};
  }
  return {};
}

}  // namespace stereofarm
