#ifndef STEREOFARM_MODELS_STEREO_CUDA_SPLAT_KERNELS_H_
#define STEREOFARM_MODELS_STEREO_CUDA_SPLAT_KERNELS_H_

#include <cuda_runtime_api.h>

#include <cstdint>

namespace stereofarm {

// Planes on the device, one behind the other, with `pitch` floats from one row to the next.
struct SplatPlanes {
  int width = 0;
  int height = 0;
  int pitch = 0;
  const float* displacement = nullptr;
  const float* rgb = nullptr;  // three planes
  int32_t* keys = nullptr;     // one plane, for the kernels' own use
  float* out = nullptr;        // five planes: R, G, B, A, displacement
};

// Puts the splat of models/stereo/splat.h on `stream`; gives the launches' error.
cudaError_t LaunchSplat(const SplatPlanes& planes, bool nearer_is_larger, float tolerance,
                        float known_weight, cudaStream_t stream);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_CUDA_SPLAT_KERNELS_H_
