#ifndef STEREOFARM_MODELS_NN_CPU_LINEAR_H_
#define STEREOFARM_MODELS_NN_CPU_LINEAR_H_

#include <cstdint>

#include "models/nn/cpu/strided.h"

namespace stereofarm {

// Linear layers in float32 with vectors of eight numbers, for processors without AVX-512: oneDNN's
// leave a fifth of the time lying there. Blocked as in Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication", 2008. A result depends on its row and its column of the
// weights alone, never on how many rows there are or which block it falls into.
namespace linear {

// Whether this build's run faster than oneDNN's on this processor.
bool IsFastest();

// Rows and columns that are worked on at once; the last may be fewer.
inline constexpr int64_t kRowBlock = 96;
inline constexpr int64_t kColumnBlock = 192;

struct Layer {
  int64_t in = 0;
  int64_t out = 0;
  const float* packed = nullptr;  // PackedFloats, by Pack
  const float* bias = nullptr;    // `out` numbers, or null
};

int64_t PackedFloats(int64_t in, int64_t out);
// `weight`: [out][in].
void Pack(const float* weight, int64_t in, int64_t out, float* packed);

// result[r][c] = sum over k of x[r][k] weight[c][k] + bias[c] + added[r][c], for `rows` <=
// kRowBlock rows and the columns from `column`, a multiple of kColumnBlock, up to so many or the
// last. `added`: null data: nothing. All three begin with the block's first row and the layer's
// first column.
void Block(const Layer& layer, const Strided& x, int64_t rows, int64_t column, const Strided& added,
           const StridedOut& result);

}  // namespace linear
}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_CPU_LINEAR_H_
