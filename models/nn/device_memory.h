#ifndef STEREOFARM_MODELS_NN_DEVICE_MEMORY_H_
#define STEREOFARM_MODELS_NN_DEVICE_MEMORY_H_

#include <c10/core/Device.h>

#include <cstdint>

namespace stereofarm {

// Bytes that tensors can still take on a device, what is kept there for later tensors included.
// INT64_MAX where the device doesn't say.
int64_t FreeDeviceMemory(c10::Device device);

// Gives what is kept for later tensors back to the device.
void ReleaseDeviceMemory(c10::Device device);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_DEVICE_MEMORY_H_
