#ifndef STEREOFARM_MODELS_STEREO_FLOAT8_H_
#define STEREOFARM_MODELS_STEREO_FLOAT8_H_

#include <bit>
#include <cstdint>
#include <cstring>

#include "common/image/half.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace stereofarm {

// Eight lanes, by the compiler's vector extension: one register with AVX2, two without, the same
// numbers either way. Comparisons give lanes of -1 (true) or 0.
using Float8 = float __attribute__((vector_size(32)));
using Int8 = int32_t __attribute__((vector_size(32)));

inline constexpr Float8 kLanes = {0, 1, 2, 3, 4, 5, 6, 7};

inline Float8 Splat8(float value) { return Float8{} + value; }
inline Int8 Splat8(int32_t value) { return Int8{} + value; }

inline Float8 Load8(const float* from) {
  Float8 v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
inline void Store8(float* to, Float8 v) { std::memcpy(to, &v, sizeof(v)); }

// `a` where `mask` is set, else `b`.
inline Float8 Select8(Int8 mask, Float8 a, Float8 b) { return mask ? a : b; }
// `a` where `mask` is set, else 0.
inline Float8 Keep8(Int8 mask, Float8 a) {
  return std::bit_cast<Float8>(std::bit_cast<Int8>(a) & mask);
}
inline Float8 Abs8(Float8 v) {
  return std::bit_cast<Float8>(std::bit_cast<Int8>(v) & Splat8(int32_t{0x7fffffff}));
}
inline Float8 Max8(Float8 a, Float8 b) { return a > b ? a : b; }
inline Float8 Min8(Float8 a, Float8 b) { return a < b ? a : b; }

// Towards minus infinity. For values that fit an int32; what it gives for others is unspecified.
inline Float8 Floor8(Float8 v) {
#if defined(__AVX__)
  return _mm256_floor_ps(v);
#else
  const Float8 truncated = __builtin_convertvector(__builtin_convertvector(v, Int8), Float8);
  return truncated > v ? truncated - 1.0f : truncated;
#endif
}

// Bit i is set where lane i is.
inline uint32_t Bits8(Int8 mask) {
#if defined(__AVX__)
  return static_cast<uint32_t>(_mm256_movemask_ps(std::bit_cast<__m256>(mask)));
#else
  uint32_t bits = 0;
  for (int i = 0; i < 8; ++i) bits |= static_cast<uint32_t>(mask[i] & 1) << i;
  return bits;
#endif
}

// Every lane rounded to the nearest half.
inline Float8 ToHalfAndBack8(Float8 v) {
#if defined(__F16C__)
  return _mm256_cvtph_ps(_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
#else
  float lanes[8];
  uint16_t half[8];
  Store8(lanes, v);
  FloatToHalf(lanes, half, 8);
  HalfToFloat(half, lanes, 8);
  return Load8(lanes);
#endif
}

// Four lanes, for pixels of four channels.
using Float4 = float __attribute__((vector_size(16)));

inline Float4 LoadHalf4(const uint16_t* from) {
#if defined(__F16C__)
  return _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#else
  float lanes[4];
  HalfToFloat(from, lanes, 4);
  Float4 v;
  std::memcpy(&v, lanes, sizeof(v));
  return v;
#endif
}

inline float LoadHalf(const uint16_t* from) {
#if defined(__F16C__)
  return _cvtsh_ss(*from);
#else
  float value;
  HalfToFloat(from, &value, 1);
  return value;
#endif
}

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_FLOAT8_H_
