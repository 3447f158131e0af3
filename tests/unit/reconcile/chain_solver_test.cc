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
    std::vector<BlockMatrix> diagonal(n), lower(n);
    std::vector<BlockVector> right(n);
    std::vector<std::vector<double>> dense(kBlock * n, std::vector<double>(kBlock * n));
    std::vector<double> flat(kBlock * n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t r = 0; r < kBlock; ++r) {
        for (size_t c = 0; c <= r; ++c) {
          const double value = Uniform(random.get()) + (r == c ? 7 : 0);
          diagonal[i][kBlock * r + c] = diagonal[i][kBlock * c + r] = value;
        }
      }
      for (double& v : lower[i]) v = Uniform(random.get());
      for (size_t r = 0; r < kBlock; ++r) {
        const size_t row = kBlock * i + r;
        flat[row] = right[i][r] = Uniform(random.get());
        for (size_t c = 0; c < kBlock; ++c) {
          dense[row][kBlock * i + c] = diagonal[i][kBlock * r + c];
          if (i == 0) continue;
          dense[row][kBlock * (i - 1) + c] = lower[i][kBlock * r + c];
          dense[kBlock * (i - 1) + c][row] = lower[i][kBlock * r + c];
        }
      }
    }
    const auto expected = SolveDense(dense, flat);
    const auto x = SolveBlockTridiagonal(diagonal, lower, right);
    for (size_t i = 0; i < n; ++i) {
      for (size_t r = 0; r < kBlock; ++r) EXPECT_NEAR(x[i][r], expected[kBlock * i + r], 1e-12);
    }
  }
}

}  // namespace
}  // namespace stereofarm
