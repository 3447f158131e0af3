#include "models/nn/cpu/linear.h"

#include <algorithm>
#include <cstring>

namespace stereofarm::linear {
namespace {

constexpr int kLanes = 8;
using Vector = float __attribute__((vector_size(kLanes * 4)));

// The sums of a tile stay in twelve of sixteen registers.
constexpr int kTileRows = 6;
constexpr int kTileVectors = 2;
constexpr int64_t kPanel = kTileVectors * kLanes;  // columns side by side
// Inputs that are added up before they go to memory: a panel of them stays in the first cache.
constexpr int64_t kDepth = 384;
static_assert(kRowBlock % kTileRows == 0 && kColumnBlock % kPanel == 0);

Vector Load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
void Store(float* to, Vector v) { std::memcpy(to, &v, sizeof(v)); }

struct Tile {
  Vector sums[kTileRows][kTileVectors];
};

// Sums over `depth` inputs of kTileRows rows.
Tile Multiply(const Strided& x, const float* panel, int64_t depth) {
  const float* const x0 = x.data;
  const float* const x1 = x0 + x.stride;
  const float* const x2 = x1 + x.stride;
  const float* const x3 = x2 + x.stride;
  const float* const x4 = x3 + x.stride;
  const float* const x5 = x4 + x.stride;
  Vector sum[kTileRows][kTileVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector weight[kTileVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kTileVectors; ++v) weight[v] = Load(panel + k * kPanel + v * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < kTileRows; ++r) {
      const float number = (r == 0   ? x0
                            : r == 1 ? x1
                            : r == 2 ? x2
                            : r == 3 ? x3
                            : r == 4 ? x4
                                     : x5)[k];
#pragma GCC unroll 2
      for (int v = 0; v < kTileVectors; ++v) sum[r][v] += number * weight[v];
    }
  }
  Tile tile;
  std::memcpy(&tile.sums, &sum, sizeof(sum));
  return tile;
}

// What a tile's sums are added to, from its first number on; stride 0: every row to the same.
struct Terms {
  Strided first, second;
};

// The tile at the edge of the result, where it's cut off.
void AddPart(const Tile& tile, int64_t rows, int64_t columns, const Terms& terms,
             const StridedOut& result) {
  for (int64_t r = 0; r < rows; ++r) {
    float numbers[kPanel];
    std::memcpy(numbers, tile.sums[r], sizeof(numbers));
    for (int64_t c = 0; c < columns; ++c) {
      result.data[r * result.stride + c] = numbers[c] +
                                           terms.first.data[r * terms.first.stride + c] +
                                           terms.second.data[r * terms.second.stride + c];
    }
  }
}

void AddWhole(const Tile& tile, const Terms& terms, const StridedOut& result) {
#pragma GCC unroll 6
  for (int64_t r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kTileVectors; ++v) {
      Store(result.data + r * result.stride + v * kLanes,
            tile.sums[r][v] + Load(terms.first.data + r * terms.first.stride + v * kLanes) +
                Load(terms.second.data + r * terms.second.stride + v * kLanes));
    }
  }
}

constexpr float kZeros[kPanel] = {};
constexpr Strided kNothing = {kZeros, 0};

Strided At(const Strided& rows, int64_t row, int64_t column) {
  return rows.data == nullptr ? kNothing
                              : Strided{rows.data + row * rows.stride + column, rows.stride};
}

}  // namespace

bool IsFastest() {
#if defined(__AVX2__) && defined(__FMA__)
  // The same question as that of a worker's numeric class.
  static const bool narrow = __builtin_cpu_supports("x86-64-v4") == 0;
  return narrow;
#else
  return false;  // not measured
#endif
}

int64_t PackedFloats(int64_t in, int64_t out) { return (out + kPanel - 1) / kPanel * kPanel * in; }

void Pack(const float* weight, int64_t in, int64_t out, float* packed) {
  for (int64_t first = 0; first < out; first += kPanel) {
    for (int64_t c = 0; c < kPanel; ++c) {
      const bool there = first + c < out;
      for (int64_t k = 0; k < in; ++k) {
        packed[first * in + k * kPanel + c] = there ? weight[(first + c) * in + k] : 0;
      }
    }
  }
}

void Block(const Layer& layer, const Strided& x, int64_t rows, int64_t column, const Strided& added,
           const StridedOut& result) {
  const int64_t end = std::min(column + kColumnBlock, layer.out);
  float last_rows[kTileRows][kDepth] = {};  // where there are fewer than a tile's
  const Strided bias = {layer.bias, 0};
  for (int64_t k = 0; k < layer.in; k += kDepth) {
    const int64_t depth = std::min(kDepth, layer.in - k);
    for (int64_t c = column; c < end; c += kPanel) {
      const float* const panel = layer.packed + c * layer.in + k * kPanel;
      for (int64_t r = 0; r < rows; r += kTileRows) {
        const int64_t tile_rows = std::min<int64_t>(kTileRows, rows - r);
        Strided from = {x.data + r * x.stride + k, x.stride};
        if (tile_rows < kTileRows) {
          for (int64_t i = 0; i < tile_rows; ++i) {
            std::memcpy(last_rows[i], from.data + i * from.stride,
                        static_cast<size_t>(depth) * sizeof(float));
          }
          from = {last_rows[0], kDepth};
        }
        const Tile tile = Multiply(from, panel, depth);
        const StridedOut to = {result.data + r * result.stride + c, result.stride};
        const Terms terms =
            k == 0 ? Terms{At(bias, r, c), At(added, r, c)} : Terms{{to.data, to.stride}, kNothing};
        if (tile_rows == kTileRows && c + kPanel <= end) {
          AddWhole(tile, terms, to);
        } else {
          AddPart(tile, tile_rows, std::min(kPanel, end - c), terms, to);
        }
      }
    }
  }
}

}  // namespace stereofarm::linear
