#ifndef STEREOFARM_MODELS_STEREO_SPLATTER_H_
#define STEREOFARM_MODELS_STEREO_SPLATTER_H_

#include <memory>
#include <string>

#include "models/api/splatter.h"

namespace stereofarm {

// The splat on `device`, "cpu" or "cuda:N". A build without CUDA does it on the processor for any
// of them. Unavailable when the device can't be used.
absl::StatusOr<std::unique_ptr<Splatter>> CreateSplatter(const std::string& device);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_SPLATTER_H_
