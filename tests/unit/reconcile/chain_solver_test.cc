#include "coordinator/reconcile/chain_solver.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/base/random.h"

namespace stereofarm {
namespace {

double Uniform(Random* random) { return static_cast<double>(random->Next() >> 11) * 0x1p-53 - 0.5; }

// The slow twin: elimination on the dense matrix.
std::vector<double> SolveDense(std::vector<std::vector<double>> m, std::vector<double> r) {
  const size_t n = r.size();
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = k;
    for (size_t i = k; i < n; ++i) {
      if (std::abs(m[i][k]) > std::abs(m[pivot][k])) pivot = i;
    }
    std::swap(m[k], m[pivot]);
    std::swap(r[k], r[pivot]);
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = m[i][k] / m[k][k];
      for (size_t j = k; j < n; ++j) m[i][j] -= factor * m[k][j];
      r[i] -= factor * r[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) r[k] -= m[k][j] * r[j];
    r[k] /= m[k][k];
  }
  return r;
}

TEST(ChainSolverTest, AgreesWithDenseElimination) {
  constexpr uint64_t kSeed = 5;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  const auto random = SeededRandom(kSeed);
  for (size_t n : {1, 2, 3, 17, 60}) {
    std::vector<Mat2> diagonal(n), lower(n);
    std::vector<Vec2> right(n);
    std::vector<std::vector<double>> dense(2 * n, std::vector<double>(2 * n));
    std::vector<double> flat(2 * n);
    for (size_t i = 0; i < n; ++i) {
      const double cross = Uniform(random.get());
      diagonal[i] = {3.5 + Uniform(random.get()), cross, cross, 3.5 + Uniform(random.get())};
      for (double& v : lower[i]) v = Uniform(random.get());
      for (size_t r = 0; r < 2; ++r) {
        flat[2 * i + r] = right[i][r] = Uniform(random.get());
        for (size_t c = 0; c < 2; ++c) {
          dense[2 * i + r][2 * i + c] = diagonal[i][2 * r + c];
          if (i == 0) continue;
          dense[2 * i + r][2 * i - 2 + c] = lower[i][2 * r + c];
          dense[2 * i - 2 + c][2 * i + r] = lower[i][2 * r + c];
        }
      }
    }
    const auto expected = SolveDense(dense, flat);
    const auto x = SolveBlockTridiagonal(diagonal, lower, right);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(x[i][0], expected[2 * i], 1e-12);
      EXPECT_NEAR(x[i][1], expected[2 * i + 1], 1e-12);
    }
  }
}

}  // namespace
}  // namespace stereofarm
