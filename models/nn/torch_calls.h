#ifndef STEREOFARM_MODELS_NN_TORCH_CALLS_H_
#define STEREOFARM_MODELS_NN_TORCH_CALLS_H_

#include <c10/core/Device.h>

#include <functional>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// Ends LibTorch's exceptions: `work` runs, and what it throws becomes a status "FILE: DOING: what
// was said"; ResourceExhausted where memory ran out, else InvalidArgument.
absl::Status GuardTorch(const std::string& file, const char* doing,
                        const std::function<absl::Status()>& work);

// "cpu" or "cuda:N". InvalidArgument for another name; Unavailable when the device isn't there.
absl::StatusOr<c10::Device> FindTorchDevice(const std::string& name);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_TORCH_CALLS_H_
