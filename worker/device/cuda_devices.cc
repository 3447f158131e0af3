#include "worker/device/cuda_devices.h"

#include <dlfcn.h>

namespace stereofarm {
namespace {

// Of cuda.h, whose ABI doesn't change.
constexpr int kSuccess = 0;
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

}  // namespace

std::vector<CudaDevice> CudaDevices() {
  std::vector<CudaDevice> devices;
  // Never closed: the driver doesn't like to be unloaded.
  static void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return devices;
  int (*init)(unsigned) = nullptr;
  int (*count_devices)(int*) = nullptr;
  int (*get_device)(int*, int) = nullptr;
  int (*get_name)(char*, int, int) = nullptr;
  int (*get_attribute)(int*, int, int) = nullptr;
  int (*get_memory)(size_t*, int) = nullptr;
  int count = 0;
  if (!Find(driver, "cuInit", &init) || !Find(driver, "cuDeviceGetCount", &count_devices) ||
      !Find(driver, "cuDeviceGet", &get_device) || !Find(driver, "cuDeviceGetName", &get_name) ||
      !Find(driver, "cuDeviceGetAttribute", &get_attribute) ||
      !Find(driver, "cuDeviceTotalMem_v2", &get_memory) || init(0) != kSuccess ||
      count_devices(&count) != kSuccess) {
    return devices;
  }
  for (int i = 0; i < count; ++i) {
    int handle = 0;
    char name[256] = "";
    CudaDevice device;
    if (get_device(&handle, i) != kSuccess || get_name(name, sizeof(name), handle) != kSuccess ||
        get_attribute(&device.major, kCapabilityMajor, handle) != kSuccess ||
        get_attribute(&device.minor, kCapabilityMinor, handle) != kSuccess) {
      continue;
    }
    device.name = name;
    size_t memory = 0;
    if (get_memory(&memory, handle) == kSuccess) {
      device.memory_bytes = static_cast<int64_t>(memory);
    }
    devices.push_back(device);
  }
  return devices;
}

}  // namespace stereofarm
