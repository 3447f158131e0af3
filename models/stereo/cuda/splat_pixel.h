#ifndef STEREOFARM_MODELS_STEREO_CUDA_SPLAT_PIXEL_H_
#define STEREOFARM_MODELS_STEREO_CUDA_SPLAT_PIXEL_H_

// What one thread of the splat's kernels computes (models/stereo/splat.h says what a splat is). The
// same source for the GPU and, in a test, for the CPU: no fused multiply-add, every sum in the
// order of the CPU's splat, so that both give the same bits.
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define SF_ON_EITHER __host__ __device__ inline
#else
#define SF_ON_EITHER inline
#endif

namespace stereofarm {

// A target pixel that nothing reaches.
inline constexpr int32_t kNoSurface = INT32_MIN;

// Integers in the order of the floats that they stand for, so that the nearest of many threads'
// surfaces is an integer maximum, which doesn't depend on the order in which they come. Finite
// values never give kNoSurface.
SF_ON_EITHER int32_t KeyOf(float value) {
  int32_t bits = 0;
  memcpy(&bits, &value, sizeof(bits));
  return bits >= 0 ? bits : bits ^ INT32_MAX;
}
SF_ON_EITHER float ValueOf(int32_t key) {
  const int32_t bits = key >= 0 ? key : key ^ INT32_MAX;
  float value = 0;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

// The target pixels that source pixel `x` reaches, as bits: 1 for `*left`, 2 for the one after it.
SF_ON_EITHER int ReachOf(int x, float displacement, int width, int* left) {
  const float position = static_cast<float>(x) - displacement;
  // False for what isn't finite, too.
  if (!(position > -1.0f && position < static_cast<float>(width))) return 0;
  const float whole = floorf(position);
  *left = static_cast<int>(whole);
  const bool reaches_left = 1.0f - (position - whole) > 0.0f && *left >= 0;
  const bool reaches_right = 1.0f - (whole + 1.0f - position) > 0.0f && *left + 1 < width;
  return (reaches_left ? 1 : 0) | (reaches_right ? 2 : 0);
}

// One pixel of the warped eye, not yet rounded to halves.
struct SplatPixel {
  float red = 0, green = 0, blue = 0, displacement = 0;
  bool known = false;
};

// Target pixel `t` of a row, from the at most three sources of the surface that is nearest there.
// `sign` is 1 where larger is nearer, else -1; `tolerance` and `known_weight` as in splat.h.
SF_ON_EITHER SplatPixel GatherPixel(int t, int width, int32_t key, float sign, float tolerance,
                                    float known_weight, const float* displacement, const float* red,
                                    const float* green, const float* blue) {
  SplatPixel out;
  if (key == kNoSurface) return out;
  const float target = static_cast<float>(t);
  const float nearest = sign * ValueOf(key);
  const float first = sign > 0 ? -1.875f : -1.125f;
  const int begin = t + static_cast<int>(floorf(target + nearest + first) + 1.0f - target);
  const float limit = nearest - sign * tolerance;
  float weight = 0;
  for (int x = begin < 0 ? 0 : begin; x < begin + 3 && x < width; ++x) {
    const float d = displacement[x];
    const float tap = 1.0f - fabsf(static_cast<float>(x) - d - target);
    const bool same_surface = sign > 0 ? d >= limit : d <= limit;
    if (!(tap > 0.0f) || !same_surface) continue;
    weight += tap;
    out.red += tap * red[x];
    out.green += tap * green[x];
    out.blue += tap * blue[x];
    out.displacement += tap * d;
  }
  out.known = weight > known_weight;
  const float scale = out.known ? 1.0f / weight : 0.0f;
  out.red *= scale;
  out.green *= scale;
  out.blue *= scale;
  out.displacement *= scale;
  return out;
}

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_CUDA_SPLAT_PIXEL_H_
