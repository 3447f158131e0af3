#ifndef STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_
#define STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_

#include <array>
#include <span>
#include <vector>

namespace stereofarm {

using Vec2 = std::array<double, 2>;
using Mat2 = std::array<double, 4>;  // row by row

// Solves the symmetric positive definite block tridiagonal system
//   lower[i] x[i-1] + diagonal[i] x[i] + transpose(lower[i+1]) x[i+1] = right[i]
// in linear time (block Cholesky without square roots; Golub & Van Loan, Matrix Computations, 4.5).
// lower[0] isn't read. All spans have one size.
std::vector<Vec2> SolveBlockTridiagonal(std::span<const Mat2> diagonal, std::span<const Mat2> lower,
                                        std::span<const Vec2> right);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_CHAIN_SOLVER_H_
