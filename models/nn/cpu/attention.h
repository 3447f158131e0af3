#ifndef STEREOFARM_MODELS_NN_CPU_ATTENTION_H_
#define STEREOFARM_MODELS_NN_CPU_ATTENTION_H_

#include <cstdint>

#include "models/nn/cpu/strided.h"

namespace stereofarm {

// Scaled dot-product attention in float32 on the processor, block by block with running maxima
// (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022). LibTorch's leaves half of the time lying on processors whose widest
// vectors MKL doesn't use.
namespace attention {

inline constexpr int64_t kQueryBlock = 48;
inline constexpr int64_t kKeyBlock = 192;

// One processor's way of doing it.
struct Instructions {
  int lanes = 0;  // `width` must be a multiple of it
  // Lays `count` keys and values out for Block: PackedFloats each.
  void (*pack)(const Strided& keys, const Strided& values, int64_t count, int64_t width,
               float* packed_keys, float* packed_values);
  // Up to kQueryBlock queries with all keys. `scale`: of the scores, times log2(e). `work`:
  // WorkFloats.
  void (*block)(const Strided& queries, int64_t rows, const float* packed_keys,
                const float* packed_values, int64_t count, int64_t width, float scale, float* work,
                const StridedOut& out);
};

// For 8 lanes, on every processor that this build runs on.
const Instructions& BaseInstructions();
// For 16 lanes; null where the build has none. The processor needs AVX-512F.
const Instructions* Avx512Instructions();
// The widest that this processor has.
const Instructions& BestInstructions();

int64_t PackedFloats(int64_t count, int64_t width);
int64_t WorkFloats(int64_t width);

}  // namespace attention
}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_CPU_ATTENTION_H_
