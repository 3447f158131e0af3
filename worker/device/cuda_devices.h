#ifndef STEREOFARM_WORKER_DEVICE_CUDA_DEVICES_H_
#define STEREOFARM_WORKER_DEVICE_CUDA_DEVICES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace stereofarm {

struct CudaDevice {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  int64_t memory_bytes = 0;
};

// The CUDA devices that the driver shows this process; none where there is no driver. Asks the
// driver itself, so that a program knows what it has before it loads anything large.
std::vector<CudaDevice> CudaDevices();

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_DEVICE_CUDA_DEVICES_H_
