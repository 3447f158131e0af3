#include "worker/device/numeric_class.h"

#include <charconv>
#include <vector>

#include "absl/strings/str_format.h"
#include "worker/device/cuda_devices.h"

namespace stereofarm {
namespace {

constexpr char kCuda[] = "cuda:";

absl::StatusOr<std::string> DeviceClass(const std::string& device) {
  if (device == "cpu") return device;
  const absl::Status unknown = absl::InvalidArgumentError(
      absl::StrFormat("--device: '%s' is not a device; use cpu, cuda:N or all", device));
  if (!device.starts_with(kCuda)) return unknown;
  size_t number = 0;
  const char* const begin = device.data() + sizeof(kCuda) - 1;
  const char* const end = device.data() + device.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stop != end) return unknown;
  const std::vector<CudaDevice> devices = CudaDevices();
  if (number >= devices.size()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--device: %s is not there; this machine has %d CUDA devices", device, devices.size()));
  }
  return absl::StrFormat("cuda%d.%d", devices[number].major, devices[number].minor);
}

}  // namespace

absl::StatusOr<std::string> NumericClass(const std::string& device, const std::string& libraries) {
  SF_ASSIGN_OR_RETURN(const std::string kind, DeviceClass(device));
  return absl::StrFormat("%s/%s/%s", kind, InstructionSet(), libraries);
}

std::string InstructionSet() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  // Networks that are asked for in bfloat16 come out otherwise where it's computed without it.
  if (__builtin_cpu_supports("x86-64-v4")) {
    return __builtin_cpu_supports("avx512bf16") ? "x86-64-v4+bfloat16" : "x86-64-v4";
  }
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
  if (__builtin_cpu_supports("x86-64-v2")) return "x86-64-v2";
  return "x86-64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "other";
#endif
}

}  // namespace stereofarm
