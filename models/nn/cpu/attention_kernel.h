#ifndef STEREOFARM_MODELS_NN_CPU_ATTENTION_KERNEL_H_
#define STEREOFARM_MODELS_NN_CPU_ATTENTION_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "models/nn/cpu/attention.h"

namespace stereofarm::attention {

// The arithmetic of one block of queries, for vectors of STEREOFARM_LANES floats: included by one
// file for each instruction set. It stands in an unnamed namespace and calls no library function,
// inline or not, since the linker keeps only one of the files' copies of those, which may be for
// processors that aren't there.
namespace {

struct Kernel {
  static constexpr int L = STEREOFARM_LANES;
  using Vector = float __attribute__((vector_size(L * 4)));
  using Ints = int32_t __attribute__((vector_size(L * 4)));

  // Accumulators fill the registers: 32 with 16 lanes, 16 with fewer.
  static constexpr int kScoreRows = L >= 16 ? 8 : 4;
  static constexpr int kScoreVectors = 3;
  static constexpr int kSumRows = 6;
  static constexpr int kSumVectors = L >= 16 ? 4 : 2;
  static constexpr int kPanel = kScoreVectors * L;  // keys side by side
  static constexpr int kRowStep = 24;               // where fewer queries than a block are left
  static_assert(kRowStep % kScoreRows == 0 && kRowStep % kSumRows == 0);
  static_assert(kQueryBlock % kRowStep == 0);
  static_assert(kKeyBlock % kPanel == 0);

  static Vector Load(const float* from) {
    Vector v;
    __builtin_memcpy(&v, from, sizeof(v));
    return v;
  }
  static void Store(float* to, Vector v) { __builtin_memcpy(to, &v, sizeof(v)); }
  static Vector Max(Vector a, Vector b) { return a > b ? a : b; }

  // 2^x for x <= 0. Below what a float can hold: 0, or next to it. The polynomial is that of
  // 2^f, |f| <= 1/2, by Chebyshev interpolation; off by less than 2e-7 of the value.
  static Vector Exp2(Vector x) {
    x = Max(x, Vector{} - 126.0f);
    const Vector shifted = x + 12582912.0f;  // 1.5 * 2^23: the sum's last bit is worth one
    const Vector whole = shifted - 12582912.0f;
    const Vector f = x - whole;
    Vector p = Vector{} + 1.5403530393e-4f;
    p = p * f + 1.3398874856e-3f;
    p = p * f + 9.6184373576e-3f;
    p = p * f + 5.5503324925e-2f;
    p = p * f + 2.4022648425e-1f;
    p = p * f + 6.9314718056e-1f;
    p = p * f + 1.0f;
    const Ints exponent = __builtin_bit_cast(Ints, shifted) << 23;
    return __builtin_bit_cast(Vector, __builtin_bit_cast(Ints, p) + exponent);
  }

  // scores[row][key] = query[row] . key, for kScoreRows queries and one panel of keys.
  static void Scores(const float* queries, const float* panel, int64_t width, float* scores) {
    Vector sum[kScoreRows][kScoreVectors] = {};
    for (int64_t d = 0; d < width; ++d) {
      Vector key[kScoreVectors];
#pragma GCC unroll 8
      for (int c = 0; c < kScoreVectors; ++c) key[c] = Load(panel + d * kPanel + c * L);
#pragma GCC unroll 8
      for (int r = 0; r < kScoreRows; ++r) {
        const float query = queries[r * width + d];
#pragma GCC unroll 8
        for (int c = 0; c < kScoreVectors; ++c) sum[r][c] += query * key[c];
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kScoreRows; ++r) {
#pragma GCC unroll 8
      for (int c = 0; c < kScoreVectors; ++c) Store(scores + r * kKeyBlock + c * L, sum[r][c]);
    }
  }

  // out[row][0 .. C L) += sum over keys of weights[row][key] values[key], for kSumRows rows.
  // `values`: C L numbers of each key.
  template <int C>
  static void Sums(const float* weights, const float* values, int64_t width, int64_t keys,
                   float* out) {
    Vector sum[kSumRows][C];
#pragma GCC unroll 8
    for (int r = 0; r < kSumRows; ++r) {
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sum[r][c] = Load(out + r * width + c * L);
    }
    for (int64_t k = 0; k < keys; ++k) {
      Vector value[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) value[c] = Load(values + k * C * L + c * L);
#pragma GCC unroll 8
      for (int r = 0; r < kSumRows; ++r) {
        const float weight = weights[r * kKeyBlock + k];
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum[r][c] += weight * value[c];
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kSumRows; ++r) {
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) Store(out + r * width + c * L, sum[r][c]);
    }
  }

  static void Pack(const Strided& keys, const Strided& values, int64_t count, int64_t width,
                   float* packed_keys, float* packed_values) {
    for (int64_t begin = 0; begin < PaddedKeys(count); begin += kPanel) {
      float* panel = packed_keys + begin * width;
      for (int64_t k = 0; k < kPanel; ++k) {
        const float* key = begin + k < count ? keys.data + (begin + k) * keys.stride : nullptr;
        for (int64_t d = 0; d < width; ++d) panel[d * kPanel + k] = key == nullptr ? 0 : key[d];
      }
    }
    const int64_t padded = PaddedKeys(count);
    for (int64_t d = 0; d < width;) {
      const int64_t part = Part(width, d);
      for (int64_t k = 0; k < padded; ++k) {
        float* const to = packed_values + d * padded + k * part;
        if (k < count) {
          __builtin_memcpy(to, values.data + k * values.stride + d,
                           static_cast<size_t>(part) * sizeof(float));
        } else {
          __builtin_memset(to, 0, static_cast<size_t>(part) * sizeof(float));
        }
      }
      d += part;
    }
  }

  // Numbers of the values from `d` on that are summed at once: they lie together, key by key.
  static int64_t Part(int64_t width, int64_t d) {
    return d + kSumVectors * L <= width ? kSumVectors * L : L;
  }

  // The weights of one row's scores, in their place, and the row's running maximum and sum.
  static void Soften(float* row, int64_t keys, float* most, float* total, float* shrink) {
    // Several at a time, so that none waits for the one before it.
    Vector high[kScoreVectors];
    for (int v = 0; v < kScoreVectors; ++v) high[v] = Vector{} + *most;
    for (int64_t k = 0; k < keys; k += kPanel) {
#pragma GCC unroll 8
      for (int v = 0; v < kScoreVectors; ++v) high[v] = Max(high[v], Load(row + k + v * L));
    }
    for (int v = 1; v < kScoreVectors; ++v) high[0] = Max(high[0], high[v]);
    float now = high[0][0];
    for (int i = 1; i < L; ++i) now = now > high[0][i] ? now : high[0][i];
    *shrink = Exp2(Vector{} + (*most - now))[0];
    *most = now;
    Vector sum[kScoreVectors] = {};
    for (int64_t k = 0; k < keys; k += kPanel) {
#pragma GCC unroll 8
      for (int v = 0; v < kScoreVectors; ++v) {
        const Vector weight = Exp2(Load(row + k + v * L) - now);
        Store(row + k + v * L, weight);
        sum[v] += weight;
      }
    }
    for (int v = 1; v < kScoreVectors; ++v) sum[0] += sum[v];
    float added = 0;
    for (int i = 0; i < L; ++i) added += sum[0][i];
    *total = *total * *shrink + added;
  }

  static void Block(const Strided& queries, int64_t rows, const float* packed_keys,
                    const float* packed_values, int64_t count, int64_t width, float scale,
                    float* work, const StridedOut& out) {
    float* q = work;
    float* scores = q + kQueryBlock * width;
    float* sums = scores + kQueryBlock * kKeyBlock;
    float most[kQueryBlock], total[kQueryBlock];
    const int64_t used = (rows + kRowStep - 1) / kRowStep * kRowStep;
    for (int64_t r = 0; r < used; ++r) {
      for (int64_t d = 0; d < width; ++d) {
        q[r * width + d] = r < rows ? queries.data[r * queries.stride + d] * scale : 0;
      }
      most[r] = kNothing;
      total[r] = 0;
    }
    __builtin_memset(sums, 0, static_cast<size_t>(used * width) * sizeof(float));
    for (int64_t begin = 0; begin < count; begin += kKeyBlock) {
      const int64_t left = PaddedKeys(count) - begin;
      const int64_t keys = left < kKeyBlock ? left : kKeyBlock;
      for (int64_t k = 0; k < keys; k += kPanel) {
        for (int64_t r = 0; r < used; r += kScoreRows) {
          Scores(q + r * width, packed_keys + (begin + k) * width, width,
                 scores + r * kKeyBlock + k);
        }
      }
      for (int64_t r = 0; r < used; ++r) {
        float* row = scores + r * kKeyBlock;
        for (int64_t k = count - begin; k < keys; ++k) row[k] = kNothing;  // padding
        float shrink = 1;
        Soften(row, keys, &most[r], &total[r], &shrink);
        for (int64_t d = 0; d < width; d += L) {
          Store(sums + r * width + d, Load(sums + r * width + d) * shrink);
        }
      }
      for (int64_t r = 0; r < used; r += kSumRows) {
        const float* weights = scores + r * kKeyBlock;
        for (int64_t d = 0; d < width;) {
          const int64_t part = Part(width, d);
          const float* const values = packed_values + d * PaddedKeys(count) + begin * part;
          if (part == kSumVectors * L) {
            Sums<kSumVectors>(weights, values, width, keys, sums + r * width + d);
          } else {
            Sums<1>(weights, values, width, keys, sums + r * width + d);
          }
          d += part;
        }
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t d = 0; d < width; ++d) {
        out.data[r * out.stride + d] = sums[r * width + d] / total[r];
      }
    }
  }

  static int64_t PaddedKeys(int64_t count) { return (count + kPanel - 1) / kPanel * kPanel; }

  // Far below any score, and its difference to itself is no NaN.
  static constexpr float kNothing = -1e30f;
};

}  // namespace
}  // namespace stereofarm::attention

#endif  // STEREOFARM_MODELS_NN_CPU_ATTENTION_KERNEL_H_
