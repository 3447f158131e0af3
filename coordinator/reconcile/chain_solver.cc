#include "coordinator/reconcile/chain_solver.h"

#include "common/base/log.h"

namespace stereofarm {
namespace {

Mat2 Inverse(const Mat2& m) {
  const double det = m[0] * m[3] - m[1] * m[2];
  return {m[3] / det, -m[1] / det, -m[2] / det, m[0] / det};
}

Mat2 Times(const Mat2& a, const Mat2& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
          a[2] * b[1] + a[3] * b[3]};
}

Vec2 Times(const Mat2& a, const Vec2& x) {
  return {a[0] * x[0] + a[1] * x[1], a[2] * x[0] + a[3] * x[1]};
}

Mat2 Transposed(const Mat2& m) { return {m[0], m[2], m[1], m[3]}; }

}  // namespace

std::vector<Vec2> SolveBlockTridiagonal(std::span<const Mat2> diagonal, std::span<const Mat2> lower,
                                        std::span<const Vec2> right) {
  const size_t n = diagonal.size();
  SF_CHECK(lower.size() == n && right.size() == n);
  std::vector<Mat2> inverse(n);  // of the pivots
  std::vector<Vec2> x(n);
  for (size_t i = 0; i < n; ++i) {
    Mat2 pivot = diagonal[i];
    x[i] = right[i];
    if (i > 0) {
      const Mat2 factor = Times(lower[i], inverse[i - 1]);
      const Mat2 taken = Times(factor, Transposed(lower[i]));
      const Vec2 moved = Times(factor, x[i - 1]);
      for (size_t k = 0; k < 4; ++k) pivot[k] -= taken[k];
      for (size_t k = 0; k < 2; ++k) x[i][k] -= moved[k];
    }
    inverse[i] = Inverse(pivot);
  }
  for (size_t i = n; i-- > 0;) {
    if (i + 1 < n) {
      const Vec2 above = Times(Transposed(lower[i + 1]), x[i + 1]);
      for (size_t k = 0; k < 2; ++k) x[i][k] -= above[k];
    }
    x[i] = Times(inverse[i], x[i]);
  }
  return x;
}

}  // namespace stereofarm
