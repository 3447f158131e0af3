#ifndef STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_
#define STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_

#include <array>
#include <span>
#include <vector>

namespace stereofarm {

inline constexpr size_t kBlock = 6;
using BlockVector = std::array<double, kBlock>;
using BlockMatrix = std::array<double, kBlock * kBlock>;  // row by row

// Solves the symmetric positive definite block tridiagonal system
//   lower[i] x[i-1] + diagonal[i] x[i] + transpose(lower[i+1]) x[i+1] = right[i]
// in linear time (block Cholesky; Golub & Van Loan, Matrix Computations, 4.5). lower[0] isn't read.
// All spans have one size.
std::vector<BlockVector> SolveBlockTridiagonal(std::span<const BlockMatrix> diagonal,
                                               std::span<const BlockMatrix> lower,
                                               std::span<const BlockVector> right);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_
