#include <cuda_fp16.h>

#include "models/stereo/cuda/splat_kernels.h"
#include "models/stereo/cuda/splat_pixel.h"

namespace stereofarm {
namespace {

constexpr int kThreads = 256;

__global__ void Forget(int32_t* keys, int64_t count) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) keys[i] = kNoSurface;
}

// Pass 1, a thread a source pixel: the nearest surface that reaches each target pixel.
__global__ void FindNearest(SplatPlanes planes, float sign) {
  const int x = blockIdx.x * kThreads + threadIdx.x;
  if (x >= planes.width) return;
  const int64_t row = static_cast<int64_t>(blockIdx.y) * planes.pitch;
  const float d = planes.displacement[row + x];
  int left = 0;
  const int reach = ReachOf(x, d, planes.width, &left);
  if (reach == 0) return;
  const int32_t key = KeyOf(sign * d);
  if (reach & 1) atomicMax(planes.keys + row + left, key);
  if (reach & 2) atomicMax(planes.keys + row + left + 1, key);
}

__device__ float ToHalfAndBack(float value) { return __half2float(__float2half_rn(value)); }

// Pass 2, a thread a target pixel.
__global__ void Gather(SplatPlanes planes, float sign, float tolerance, float known_weight) {
  const int t = blockIdx.x * kThreads + threadIdx.x;
  if (t >= planes.width) return;
  const int64_t row = static_cast<int64_t>(blockIdx.y) * planes.pitch;
  const int64_t plane = static_cast<int64_t>(planes.pitch) * planes.height;
  const SplatPixel pixel = GatherPixel(t, planes.width, planes.keys[row + t], sign, tolerance,
                                       known_weight, planes.displacement + row, planes.rgb + row,
                                       planes.rgb + plane + row, planes.rgb + 2 * plane + row);
  float* out = planes.out + row + t;
  out[0] = ToHalfAndBack(pixel.red);
  out[plane] = ToHalfAndBack(pixel.green);
  out[2 * plane] = ToHalfAndBack(pixel.blue);
  out[3 * plane] = pixel.known ? 1.0f : 0.0f;
  out[4 * plane] = ToHalfAndBack(pixel.displacement);
}

}  // namespace

cudaError_t LaunchSplat(const SplatPlanes& planes, bool nearer_is_larger, float tolerance,
                        float known_weight, cudaStream_t stream) {
  const float sign = nearer_is_larger ? 1.0f : -1.0f;
  const int64_t pixels = static_cast<int64_t>(planes.pitch) * planes.height;
  Forget<<<static_cast<unsigned>((pixels + kThreads - 1) / kThreads), kThreads, 0, stream>>>(
      planes.keys, pixels);
  const dim3 blocks((planes.width + kThreads - 1) / kThreads, planes.height);
  FindNearest<<<blocks, kThreads, 0, stream>>>(planes, sign);
  Gather<<<blocks, kThreads, 0, stream>>>(planes, sign, tolerance, known_weight);
  return cudaGetLastError();
}

}  // namespace stereofarm
