#include "models/nn/device_memory.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/util/Exception.h>

#include <limits>

#include "common/image/image_memory.h"
#include "models/nn/host_memory.h"

namespace stereofarm {

int64_t FreeDeviceMemory(c10::Device device) {
  if (device.is_cpu()) {
    const int64_t free = FreeHostMemory();
    const auto kept = static_cast<int64_t>(KeptImageMemory());
    return free > std::numeric_limits<int64_t>::max() - kept ? free : free + kept;
  }
  try {
    ReleaseDeviceMemory(device);
    return static_cast<int64_t>(at::accelerator::getMemoryInfo(device.index()).first);
  } catch (const c10::Error&) {
    return std::numeric_limits<int64_t>::max();
  }
}

void ReleaseDeviceMemory(c10::Device device) {
  if (device.is_cpu()) {
    DropKeptImageMemory();
  } else {
    at::accelerator::emptyCache();
  }
}

}  // namespace stereofarm
