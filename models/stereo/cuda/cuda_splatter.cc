#include "models/stereo/cuda/cuda_splatter.h"

#include <cuda_runtime_api.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "models/stereo/cuda/splat_kernels.h"
#include "models/stereo/splat.h"

namespace stereofarm {
namespace {

// Rows of a picture that a launch can have.
constexpr int kMostRows = 65'535;

absl::Status ToStatus(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return absl::OkStatus();
  const std::string message =
      absl::StrFormat("CUDA: cannot %s: %s", what, cudaGetErrorString(error));
  // Else the next call hears of it again.
  cudaGetLastError();
  return error == cudaErrorMemoryAllocation ? OutOfMemory(message) : absl::InternalError(message);
}

// Memory on the device that grows when more is asked for.
class DeviceFloats {
 public:
  DeviceFloats() = default;
  ~DeviceFloats() { cudaFree(data_); }
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;
  absl::Status Reserve(size_t count) {
    if (count <= count_) return absl::OkStatus();
    cudaFree(std::exchange(data_, nullptr));
    count_ = 0;
    SF_RETURN_IF_ERROR(ToStatus(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(float)),
                                "take memory for a picture"));
    count_ = count;
    return absl::OkStatus();
  }
  float* data() const { return data_; }

 private:
  float* data_ = nullptr;
  size_t count_ = 0;
};

size_t PlaneFloats(const Image& image) {
  return static_cast<size_t>(image.stride()) * static_cast<size_t>(image.height());
}

class CudaSplatter : public Splatter {
 public:
  CudaSplatter(int device, cudaStream_t stream) : device_(device), stream_(stream) {}
  ~CudaSplatter() override {
    cudaSetDevice(device_);
    cudaStreamDestroy(stream_);
  }

  absl::Status Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger,
                     WarpedFrame* out) override {
    SF_CHECK(rgb.channels() == 3 && displacement.channels() == 1 && rgb.SameSize(displacement));
    if (rgb.height() > kMostRows) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "a picture of %d rows is too high for a GPU; the most is %d", rgb.height(), kMostRows));
    }
    // The device is the thread's, and stages move between threads.
    SF_RETURN_IF_ERROR(ToStatus(cudaSetDevice(device_), "use the device"));
    PrepareWarpedFrame(rgb, nearer_is_larger, out);
    const size_t plane = PlaneFloats(rgb);
    SF_RETURN_IF_ERROR(memory_.Reserve(10 * plane));
    float* const device_rgb = memory_.data();
    float* const device_displacement = device_rgb + 3 * plane;
    float* const device_out = device_displacement + plane;
    SplatPlanes planes;
    planes.width = rgb.width();
    planes.height = rgb.height();
    planes.pitch = static_cast<int>(rgb.stride());
    planes.rgb = device_rgb;
    planes.displacement = device_displacement;
    planes.out = device_out;
    planes.keys = reinterpret_cast<int32_t*>(device_out + 5 * plane);
    SF_RETURN_IF_ERROR(Copy(device_rgb, rgb.Plane(0), 3 * plane, cudaMemcpyHostToDevice));
    SF_RETURN_IF_ERROR(
        Copy(device_displacement, displacement.Plane(0), plane, cudaMemcpyHostToDevice));
    SF_RETURN_IF_ERROR(
        ToStatus(LaunchSplat(planes, nearer_is_larger, kSurfaceTolerance, kKnownWeight, stream_),
                 "start the splat"));
    SF_RETURN_IF_ERROR(Copy(out->rgba.Plane(0), device_out, 4 * plane, cudaMemcpyDeviceToHost));
    SF_RETURN_IF_ERROR(
        Copy(out->displacement.Plane(0), device_out + 4 * plane, plane, cudaMemcpyDeviceToHost));
    return ToStatus(cudaStreamSynchronize(stream_), "splat a picture");
  }

 private:
  absl::Status Copy(float* to, const float* from, size_t count, cudaMemcpyKind kind) {
    return ToStatus(cudaMemcpyAsync(to, from, count * sizeof(float), kind, stream_),
                    "copy a picture");
  }

  const int device_;
  const cudaStream_t stream_;
  DeviceFloats memory_;  // R, G, B; displacement; R, G, B, A, displacement of the result; keys
};

}  // namespace

absl::StatusOr<std::unique_ptr<Splatter>> CreateCudaSplatter(int device) {
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && device >= count) error = cudaErrorInvalidDevice;
  if (error == cudaSuccess) error = cudaSetDevice(device);
  cudaStream_t stream = nullptr;
  if (error == cudaSuccess) error = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  if (error != cudaSuccess) {
    return absl::UnavailableError(
        absl::StrFormat("cuda:%d can't be used: %s", device, cudaGetErrorString(error)));
  }
  return std::make_unique<CudaSplatter>(device, stream);
}

}  // namespace stereofarm
