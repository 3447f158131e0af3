#include "coordinator/reconcile/chain_solver.h"

#include <cmath>

#include "common/base/log.h"

namespace stereofarm {
namespace {

// The lower triangle L of L L^T = m.
BlockMatrix Cholesky(const BlockMatrix& m) {
  BlockMatrix out{};
  for (size_t i = 0; i < kBlock; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = m[kBlock * i + j];
      for (size_t k = 0; k < j; ++k) sum -= out[kBlock * i + k] * out[kBlock * j + k];
      out[kBlock * i + j] = i == j ? std::sqrt(sum) : sum / out[kBlock * j + j];
    }
  }
  return out;
}

// x of L L^T x = right.
BlockVector SolveWith(const BlockMatrix& l, BlockVector x) {
  for (size_t i = 0; i < kBlock; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= l[kBlock * i + k] * x[k];
    x[i] /= l[kBlock * i + i];
  }
  for (size_t i = kBlock; i-- > 0;) {
    for (size_t k = i + 1; k < kBlock; ++k) x[i] -= l[kBlock * k + i] * x[k];
    x[i] /= l[kBlock * i + i];
  }
  return x;
}

}  // namespace

std::vector<BlockVector> SolveBlockTridiagonal(std::span<const BlockMatrix> diagonal,
                                               std::span<const BlockMatrix> lower,
                                               std::span<const BlockVector> right) {
  const size_t n = diagonal.size();
  SF_CHECK(lower.size() == n && right.size() == n);
  std::vector<BlockMatrix> pivots(n);  // their Cholesky factors
  std::vector<BlockVector> x(n);
  for (size_t i = 0; i < n; ++i) {
    BlockMatrix pivot = diagonal[i];
    x[i] = right[i];
    if (i > 0) {
      // Row r of lower, times the inverse of the pivot before.
      for (size_t r = 0; r < kBlock; ++r) {
        BlockVector row;
        for (size_t k = 0; k < kBlock; ++k) row[k] = lower[i][kBlock * r + k];
        const BlockVector factor = SolveWith(pivots[i - 1], row);
        for (size_t c = 0; c < kBlock; ++c) {
          for (size_t k = 0; k < kBlock; ++k) {
            pivot[kBlock * r + c] -= factor[k] * lower[i][kBlock * c + k];
          }
          x[i][r] -= factor[c] * x[i - 1][c];
        }
      }
    }
    pivots[i] = Cholesky(pivot);
  }
  for (size_t i = n; i-- > 0;) {
    if (i + 1 < n) {
      for (size_t c = 0; c < kBlock; ++c) {
        for (size_t r = 0; r < kBlock; ++r) x[i][c] -= lower[i + 1][kBlock * r + c] * x[i + 1][r];
      }
    }
    x[i] = SolveWith(pivots[i], x[i]);
  }
  return x;
}

}  // namespace stereofarm
