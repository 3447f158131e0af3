#include "models/depth/library_versions.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/headeronly/version.h>

#include <opencv2/core/utility.hpp>

#include "absl/strings/str_format.h"

namespace stereofarm {

std::string ModelLibraryVersions() {
  return absl::StrFormat("torch%s/opencv%s", TORCH_VERSION, cv::getVersionString());
}

int UsableCudaDevices() {
  const at::CUDAHooksInterface& cuda = at::detail::getCUDAHooks();
  return cuda.hasCUDA() ? cuda.getNumGPUs() : 0;
}

}  // namespace stereofarm
