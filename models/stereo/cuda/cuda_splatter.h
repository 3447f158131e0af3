#ifndef STEREOFARM_MODELS_STEREO_CUDA_CUDA_SPLATTER_H_
#define STEREOFARM_MODELS_STEREO_CUDA_CUDA_SPLATTER_H_

#include <memory>

#include "models/api/splatter.h"

namespace stereofarm {

// The splat on CUDA device number `device`, in builds that have CUDA. Unavailable when there's no
// such device.
absl::StatusOr<std::unique_ptr<Splatter>> CreateCudaSplatter(int device);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_CUDA_CUDA_SPLATTER_H_
